import process from "node:process";
import { proxyFor } from "./proxy_choice.ts";

/** Whether this runs in Node itself: Deno and Bun claim so too, but also name themselves. */
export function isNode(): boolean {
  const { node, deno, bun } = process.versions as Record<string, string | undefined>;
  return node !== undefined && deno === undefined && bun === undefined;
}

/** As OpenSSL names it in Node, and rustls in Deno. */
const UNKNOWN_AUTHORITY =
  /UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|SELF_SIGNED_CERT|self[- ]signed certificate|unable to (?:verify the first certificate|get (?:local )?issuer certificate)|UnknownIssuer|CaUsedAsEndEntity/i;

/**
 * Why `url` could not be reached: `found`, and what to do where a certificate authority is
 * unknown or a proxy stands in between. Shows no credentials.
 */
export function explainFailure(url: string, found: string, error?: unknown): string {
  const text = `${found} ${textOf(error)}`;
  if (UNKNOWN_AUTHORITY.test(text)) return `${found}: ${authorityAdvice()}`;
  const proxy = proxyFor(url);
  if (proxy === undefined) return found;
  const { host, variable, url: { protocol } } = proxy;
  if (isNode() && !/^https?:$/.test(protocol)) {
    return `Node cannot use the ${protocol}// proxy "${host}": name one at http:// or https:// in ${variable}`;
  }
  const isRefused = /\b407\b|proxy authorization required|proxy authentication required/i.test(
    text,
  );
  const advice = isRefused
    ? `it wants a login: write it as http://USER:PASSWORD@${host} in ${variable}`
    : `check that it runs and lets this machine through; ${variable} names it, and NO_PROXY=${
      new URL(url).hostname
    } goes around it`;
  return `${found}, through the proxy "${host}": ${advice}`;
}

function authorityAdvice(): string {
  const what =
    "the authority that signed its certificate is unknown here; if you trust it, name the " +
    "file of its certificate in";
  return isNode()
    ? `${what} NODE_EXTRA_CA_CERTS`
    : `${what} DENO_CERT, or set DENO_TLS_CA_STORE=system if this machine knows it`;
}

/** The messages and codes of an error and what caused it. */
function textOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 4) return "";
  const { code } = error as { code?: unknown };
  return `${String(code ?? "")} ${error.message} ${textOf(error.cause, depth + 1)}`;
}
