import type { ApiRoute } from "../route/api_route.ts";
import { type ApiResponse, textResponse } from "../route/api_response.ts";

const URL_MAX_LETTERS = 8 * 1024;
const HEADERS_MAX_LETTERS = 32 * 1024;
/** The size of the largest body of a `PUT`, unless its route says otherwise. */
const PUT_MAX_BYTES = 1_024;

/** Refuses a request that is larger than any honest one, or returns `undefined`. */
export function findOversize(
  request: Request,
  { bodyMaxBytes = request.method === "PUT" ? PUT_MAX_BYTES : 0 }: Pick<ApiRoute, "bodyMaxBytes"> =
    {},
): ApiResponse | undefined {
  // A body that is not read would have to be drained before the next request.
  const closing = { connection: "close" };
  if (request.url.length > URL_MAX_LETTERS) return textResponse(414, "The address is too long");
  let letters = 0;
  for (const [name, value] of request.headers) letters += name.length + value.length;
  if (letters > HEADERS_MAX_LETTERS) return textResponse(431, "The headers are too long", closing);
  const hasBody = request.headers.has("transfer-encoding") ||
    (request.headers.get("content-length") ?? "0") !== "0";
  if (!hasBody) return undefined;
  const length = Number(request.headers.get("content-length") ?? NaN);
  const isTaken = length <= bodyMaxBytes; // Not if the length is not told.
  return isTaken ? undefined : textResponse(413, "No body of that size is taken here", closing);
}
