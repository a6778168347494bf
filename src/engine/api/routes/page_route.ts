import { toDigestText } from "../../../core/archive/digest_text.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import { ASK_EACH_TIME, entityTag, holdsTag, notModified } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";

/**
 * The route that gives browsers the page. It holds no chat, so a caller that may know that a node is here
 * may have it; it loads what it shows by the other routes.
 *
 * @param load Returns HTML with its own content security policy. Called at each request, so it
 * should return the same bytes, not a copy, as long as the page is the same.
 */
export function pageRoute(load: () => Promise<Uint8Array>, hasher: Hasher): ApiRoute {
  let known: { readonly page: Uint8Array; readonly etag: string } | undefined;
  async function current(): Promise<{ readonly page: Uint8Array; readonly etag: string }> {
    const page = await load();
    if (known?.page !== page) {
      known = { page, etag: entityTag(toDigestText(await hasher.digest(page))) };
    }
    return known;
  }
  return {
    method: "GET",
    path: "/",
    audience: "health",
    summary: "The page: reads this node, and merges archives in the browser.",
    responseNotes: [
      { status: 200, description: "The page", type: "text/html" },
      { status: 304, description: "Not modified: the caller has this page" },
    ],
    async answer({ request }) {
      const { page, etag } = await current();
      const headers = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": ASK_EACH_TIME,
        "content-security-policy": "frame-ancestors 'none'",
        etag,
      };
      if (holdsTag(request, etag)) return notModified(headers);
      return { status: 200, headers, body: page };
    },
  };
}
