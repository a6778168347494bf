/** What becomes of a request, before the gate makes a `Response` of it. */
export interface ApiResponse {
  /** Of HTTP. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  /**
   * Bytes that are there, or bytes that come: then each piece is asked for when there is room for
   * it, and the iterator is ended when the caller goes away.
   */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

const UTF8 = new TextEncoder();
const JSON_TYPE = "application/json; charset=utf-8";

/** What may be kept by a browser or a proxy only if it asks each time whether it still holds. */
export const ASK_EACH_TIME = "no-cache";

/** An answer of plain text, as the reference gives its reasons. */
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

/** There is nothing of that name. */
export function notFound(): ApiResponse {
  return textResponse(404, "Not found");
}

/** An answer in JSON, which holds until somebody asks again. */
export function jsonResponse(value: unknown, headers: ApiResponse["headers"] = {}): ApiResponse {
  return {
    status: 200,
    headers: { "content-type": JSON_TYPE, "cache-control": ASK_EACH_TIME, ...headers },
    body: UTF8.encode(JSON.stringify(value)),
  };
}

/**
 * An entity tag. Weak, because one thing is sent packed or not, and bytes are compared by nobody.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 | RFC 9110, ETag}
 */
export function entityTag(text: string): string {
  return `W/"${text}"`;
}

/** Whether the caller holds what `tag` names already. */
export function holdsTag(request: Request, tag: string): boolean {
  const held = request.headers.get("if-none-match");
  if (held === null) return false;
  const plain = tag.replace(/^W\//, "");
  return held.split(",").some((each) => {
    const one = each.trim();
    return one === "*" || one.replace(/^W\//, "") === plain;
  });
}

/** Tells a caller that what it holds still holds. */
export function notModified(headers: ApiResponse["headers"]): ApiResponse {
  return { status: 304, headers, body: new Uint8Array() };
}
