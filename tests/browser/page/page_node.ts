/** A node that serves the page and an archive, for tests. */
import { honoRouter } from "../../../src/adapters/http/hono_router.ts";
import { nodeServer } from "../../../src/adapters/http/node_server.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { nodeApi, type NodeApiOptions } from "../../../src/engine/api/node_api.ts";
import { pageRoute } from "../../../src/engine/api/routes/page_route.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { HttpListener } from "../../../src/ports/http.ts";
import { noopMetrics } from "../../../src/ports/metrics.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { buildPage } from "../../../tools/build_page.ts";

/** Serves `store` and the page on loopback; `html` is another page in its place. */
export async function startNode(
  store: BatchStore,
  { html, ...options }:
    & Partial<
      Pick<
        NodeApiOptions,
        "access" | "clock" | "feed" | "finder" | "logs" | "media" | "peers" | "settled"
      >
    >
    & { readonly html?: string } = {},
): Promise<HttpListener> {
  const hasher = await wasmHasher();
  const page = new TextEncoder().encode(html ?? await buildPage());
  const { routes } = nodeApi({
    store,
    hasher,
    clock: systemClock(),
    random: systemRandom(),
    reporter: noopReporter,
    metrics: noopMetrics,
    version: "0.0.0",
    moreRoutes: [pageRoute(() => Promise.resolve(page), hasher)],
    ...options,
  });
  return await nodeServer(honoRouter(routes), { listen: "127.0.0.1:0" });
}
