import { toDigestText } from "../../../core/text/digest_text.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { HttpQuestion } from "../../../ports/http.ts";
import { type Answer, textAnswer } from "../answer.ts";
import type { Audience } from "../api_route.ts";

/** Who is let in: anybody, callers of this machine, or whoever knows a token. */
export type AccessRule =
  | { readonly kind: "open" }
  | { readonly kind: "loopback" }
  | { readonly kind: "token"; readonly token: string };

/** The rules for each audience. The operator's routes are for callers of this machine only. */
export type Access = { readonly [audience in Exclude<Audience, "operator">]: AccessRule };

/** What is asked for unless told: reads are open, measurements stay on the machine. */
export const USUAL_ACCESS: Access = {
  readers: { kind: "open" },
  metrics: { kind: "loopback" },
  health: { kind: "open" },
};

// What a proxy adds. Behind one on this machine everybody would seem to be here.
const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/**
 * Whether a request comes from this machine, to this machine and not through a proxy. The name in
 * `Host` counts, so that no page elsewhere gets in by making its own name mean 127.0.0.1.
 */
export function isFromHere({ request, caller }: HttpQuestion): boolean {
  return isLoopback(caller.address) && isLoopback(new URL(request.url).hostname) &&
    !FORWARDED.some((name) => request.headers.has(name));
}

function isLoopback(host: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|(\[?(::1|::ffff:127\.[\d.]+|::ffff:7f[0-9a-f]{2}:[0-9a-f]+)\]?)|localhost)$/i
    .test(host);
}

/** Refuses who may not ask, or returns `undefined`. */
export async function refuseAccess(
  question: HttpQuestion,
  rule: AccessRule,
  hasher: Hasher,
): Promise<Answer | undefined> {
  switch (rule.kind) {
    case "open":
      return undefined;
    case "loopback":
      return isFromHere(question)
        ? undefined
        : textAnswer(403, "This is answered only on the machine itself");
    case "token": {
      const header = question.request.headers.get("authorization") ?? "";
      const given = /^Bearer +([^\s]+)$/i.exec(header)?.[1];
      if (given !== undefined && await areEqual(given, rule.token, hasher)) return undefined;
      return textAnswer(401, "A bearer token is needed", { "www-authenticate": "Bearer" });
    }
  }
}

/** Compares by way of digests: how long it takes says nothing of where two tokens differ. */
async function areEqual(left: string, right: string, hasher: Hasher): Promise<boolean> {
  const [one, other] = [left, right].map((text) => UTF8.encode(text));
  const a = toDigestText(await hasher.digest(one!));
  const b = toDigestText(await hasher.digest(other!));
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

const UTF8 = new TextEncoder();
