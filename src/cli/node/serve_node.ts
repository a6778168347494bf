import { honoRouter } from "../../adapters/http/hono_router.ts";
import { nodeServer } from "../../adapters/http/node_server.ts";
import type { PrometheusMetrics } from "../../adapters/metrics/prometheus_metrics.ts";
import { nodeApi, type NodeApiOptions } from "../../engine/api/node_api.ts";
import { pageRoute } from "../../engine/api/page_route.ts";
import type { HttpListener } from "../../ports/http.ts";
import { pageSource } from "./built_page.ts";
import { VERSION } from "../frame/version.ts";

/** What {@link serveNode} serves, and where. */
export interface ServeNodeOptions
  extends Omit<NodeApiOptions, "metrics" | "metricsPage" | "version"> {
  readonly metrics: PrometheusMetrics;
  /** `HOST:PORT`, or `:PORT` for loopback. */
  readonly listen: string;
  /** Further connections are broken off; 4,096 unless told. */
  readonly connectionsMax?: number;
}

/**
 * Serves an archive, beside whatever else this process does. On the server of `node:http` in every
 * runtime: it alone drops slow senders and bounds connections.
 *
 * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there.
 */
export async function serveNode(options: ServeNodeOptions): Promise<HttpListener> {
  const { metrics, listen, connectionsMax } = options;
  const page = pageRoute(pageSource(options.reporter), options.hasher);
  const moreRoutes = [...options.moreRoutes ?? [], page];
  const routes = nodeApi({
    ...options,
    moreRoutes,
    metricsPage: () => metrics.page(),
    version: VERSION,
  });
  const bound = connectionsMax === undefined ? {} : { connectionsMax };
  return await nodeServer(honoRouter(routes), { listen, ...bound });
}
