import { toDigestText } from "../../../core/archive/digest_text.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { type ApiResponse, textResponse } from "../route/api_response.ts";
import type { Audience } from "../route/api_route.ts";
import { isFromHere } from "./client_address.ts";

/**
 * Which callers have access: all; those that know a token; or those on the operator's listener of
 * this machine, and on any listener those that know the operator's token.
 */
export type AccessRule =
  | { readonly kind: "open" }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "operator"; readonly token?: string | undefined };

/** The rules for each audience. */
export type Access = { readonly [audience in Audience]: AccessRule };

/**
 * The default: reads are open, metrics and debugging are for the operator's listener.
 *
 * The address of a caller proves nothing here. A proxy on this machine that adds no header (nginx with
 * a bare `proxy_pass`) sends the requests of strangers from 127.0.0.1 to 127.0.0.1.
 */
export const DEFAULT_ACCESS: Access = {
  readers: { kind: "open" },
  metrics: { kind: "operator" },
  health: { kind: "open" },
  operator: { kind: "operator" },
};

/** Refuses a caller that may not read, or returns `undefined`. */
export async function refuseAccess(
  routed: RoutedRequest,
  rule: AccessRule,
  hasher: Hasher,
): Promise<ApiResponse | undefined> {
  if (rule.kind === "open") return undefined;
  if (rule.kind === "operator" && routed.caller.isOnOperatorListener && isFromHere(routed)) {
    return undefined;
  }
  return await refuseToken(routed.request, rule.token, hasher);
}

/** Refuses a page of another origin, or returns `undefined`. */
export function refuseForeignPage({ request }: RoutedRequest): ApiResponse | undefined {
  const origin = request.headers.get("origin");
  if (origin === null || origin === new URL(request.url).origin) return undefined;
  return textResponse(403, "No page of another origin may change anything here");
}

/**
 * Refuses a caller that may not change anything, or returns `undefined`. A change always needs a
 * token, and no page of another origin may ask for one.
 */
export async function refuseChange(
  routed: RoutedRequest,
  rule: AccessRule,
  hasher: Hasher,
): Promise<ApiResponse | undefined> {
  const token = rule.kind === "open" ? undefined : rule.token;
  return refuseForeignPage(routed) ?? await refuseToken(routed.request, token, hasher);
}

async function refuseToken(
  request: Request,
  token: string | undefined,
  hasher: Hasher,
): Promise<ApiResponse | undefined> {
  if (token === undefined) {
    return textResponse(403, "This needs the operator's listener or token, and a change the token");
  }
  for (const given of tokensOf(request.headers.get("authorization") ?? "")) {
    if (await areEqual(given, token, hasher)) return undefined;
  }
  // Only Bearer is named: for Basic a browser would ask its user for a name and a password.
  return textResponse(401, "A bearer token is needed", { "www-authenticate": "Bearer" });
}

/**
 * The tokens in a header. With Basic it is the name or the password: a client that can only
 * be given a URL, such as the reference's backfiller, sends `http://:TOKEN@host` so.
 */
function tokensOf(header: string): string[] {
  const bearer = /^Bearer +([^\s]+)$/i.exec(header)?.[1];
  if (bearer !== undefined) return [bearer];
  const basic = /^Basic +([a-z0-9+/]+=*)$/i.exec(header)?.[1];
  if (basic === undefined) return [];
  try {
    const pair = atob(basic);
    const colon = pair.indexOf(":");
    return colon === -1 ? [] : [pair.slice(0, colon), pair.slice(colon + 1)];
  } catch {
    return []; // Not base64.
  }
}

/** Whether two secrets are equal. Compares digests: the time it takes does not show where two tokens differ. */
export async function areEqual(left: string, right: string, hasher: Hasher): Promise<boolean> {
  const [one, other] = [left, right].map((text) => UTF8.encode(text));
  const a = toDigestText(await hasher.digest(one!));
  const b = toDigestText(await hasher.digest(other!));
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

const UTF8 = new TextEncoder();
