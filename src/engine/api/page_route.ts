import { toDigestText } from "../../core/text/digest_text.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { ASK_EACH_TIME, entityTag, holdsTag, notModified } from "./answer.ts";
import type { ApiRoute } from "./api_route.ts";

/**
 * The route that gives browsers the page. It holds no chat, so whoever may know that a node is here
 * may have it; what it shows it asks for by the other routes.
 *
 * @param page HTML that says by its own policy what it may do.
 */
export async function pageRoute(page: Uint8Array, hasher: Hasher): Promise<ApiRoute> {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": ASK_EACH_TIME,
    "content-security-policy": "frame-ancestors 'none'",
    "etag": entityTag(toDigestText(await hasher.digest(page))),
  };
  return {
    method: "GET",
    path: "/",
    audience: "health",
    summary: "A page for people: reads this node, and merges archives in the browser.",
    answerNotes: [
      { status: 200, description: "The page", type: "text/html" },
      { status: 304, description: "The page is as the caller has it" },
    ],
    answer: ({ request }) =>
      Promise.resolve(
        holdsTag(request, headers.etag) ? notModified(headers) : {
          status: 200,
          headers,
          body: page,
        },
      ),
  };
}
