import type { ApiResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);
const PREFLIGHT_MAX_AGE_S = 24 * 3_600;

// What a page reads of a response beside its body.
const EXPOSED = "etag, retry-after, x-rustlog-capabilities, x-chatloom-unlistened-minutes, " +
  "x-chatloom-index, " +
  "x-chatloom-next";

/** Whether requests with `method` change something. */
export function isChange(method: ApiRoute["method"]): boolean {
  return method === "PUT" || method === "POST" || method === "DELETE";
}

/** Whether pages of any origin may read a route's responses: not those for the operator. */
export function isForAnyPage({ method, audience, isHiddenFromPages }: ApiRoute): boolean {
  return !isChange(method) && isHiddenFromPages !== true &&
    (audience === "readers" || audience === "health");
}

/**
 * The headers that let a page of any origin read a response, also a refusal; none for a request
 * that is no read. A page may not send cookies: a token goes into a header.
 *
 * @see {@link https://fetch.spec.whatwg.org/#http-cors-protocol | Fetch, CORS protocol}
 */
export function allowAnyPage(
  request: Request,
  route: ApiRoute,
): ApiResponse["headers"] {
  if (!isForAnyPage(route) || !READS.has(request.method)) return {};
  return {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": EXPOSED,
  };
}

/** Answers the preflight request that a browser sends before a page may send a token or an entity tag. */
export function preflightAnswer(allow: string): ApiResponse {
  return {
    status: 204,
    headers: {
      allow,
      "access-control-allow-methods": "GET, HEAD, OPTIONS",
      "access-control-allow-headers": "authorization, if-none-match, last-event-id",
      "access-control-max-age": `${PREFLIGHT_MAX_AGE_S}`,
    },
    body: new Uint8Array(),
  };
}
