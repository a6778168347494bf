/** The response to a request, before the gate turns it into a `Response`. */
export interface ApiResponse {
  /** The HTTP status. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  /**
   * All bytes, or a stream of them: then each chunk is read when there is room for
   * it, and the iterator ends when the caller goes away.
   */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

const UTF8 = new TextEncoder();
const JSON_TYPE = "application/json; charset=utf-8";

/** Browsers and proxies may store the response but must revalidate it each time. */
export const ASK_EACH_TIME = "no-cache";

/** A response of plain text, as the reference gives its reasons. */
export function textResponse(
  status: number,
  text: string,
  headers: ApiResponse["headers"] = {},
): ApiResponse {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body: UTF8.encode(text),
  };
}

/** The response when nothing has that name. */
export function notFound(): ApiResponse {
  return textResponse(404, "Not found");
}

/** A response in JSON, which caches must revalidate each time. */
export function jsonResponse(value: unknown, headers: ApiResponse["headers"] = {}): ApiResponse {
  return {
    status: 200,
    headers: { "content-type": JSON_TYPE, "cache-control": ASK_EACH_TIME, ...headers },
    body: UTF8.encode(JSON.stringify(value)),
  };
}

/**
 * An entity tag. Weak, because the same content is sent gzipped or not, and no caller compares bytes.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 | RFC 9110, ETag}
 */
export function entityTag(text: string): string {
  return `W/"${text}"`;
}

/** Whether the caller already has the version that `tag` names. */
export function holdsTag(request: Request, tag: string): boolean {
  const held = request.headers.get("if-none-match");
  if (held === null) return false;
  const plain = tag.replace(/^W\//, "");
  return held.split(",").some((each) => {
    const one = each.trim();
    return one === "*" || one.replace(/^W\//, "") === plain;
  });
}

/** Tells the caller that its version is still current. */
export function notModified(headers: ApiResponse["headers"]): ApiResponse {
  return { status: 304, headers, body: new Uint8Array() };
}
