import { nodeBodyCoders } from "../../adapters/compressors/node_body_coders.ts";
import { honoRouter } from "../../adapters/http/hono_router.ts";
import { nodeServer } from "../../adapters/http/node_server.ts";
import type { PrometheusMetrics } from "../../adapters/metrics/prometheus_metrics.ts";
import { re2Patterns } from "../../adapters/patterns/re2_patterns.ts";
import { isTrustedProxy } from "../../engine/api/gate/client_address.ts";
import { nodeApi, type NodeApiOptions } from "../../engine/api/node_api.ts";
import { pageRoute } from "../../engine/api/routes/page_route.ts";
import type { HttpHandler, HttpListener } from "../../ports/http.ts";
import { pageSource } from "./built_page.ts";
import { VERSION } from "./version.ts";

/** What {@link serveNode} serves, and where. */
export interface ServeNodeOptions
  extends Omit<NodeApiOptions, "metrics" | "metricsPage" | "version"> {
  readonly metrics: PrometheusMetrics;
  /** `HOST:PORT`, or `:PORT` for loopback. */
  readonly listen: string;
  /** Further connections may only request the health check. @default 4096 */
  readonly connectionsMax?: number | undefined;
  /** Where the operator's routes need no token, as `listen`. @default nowhere */
  readonly operatorListen?: string | undefined;
}

/**
 * Serves an archive, beside other work of the process, on the server of `node:http` in every
 * runtime: only that drops slow senders and bounds connections.
 *
 * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there.
 */
export async function serveNode(options: ServeNodeOptions): Promise<HttpListener> {
  const { metrics } = options;
  const page = pageRoute(pageSource(options.reporter), options.hasher);
  const moreRoutes = [...options.moreRoutes ?? [], page];
  const { routes, warmUp } = nodeApi({
    ...options,
    moreRoutes,
    coders: options.coders ?? nodeBodyCoders(),
    logs: { patterns: re2Patterns(), ...options.logs },
    metricsPage: () => metrics.page(),
    version: VERSION,
  });
  const listener = await listenEverywhere(honoRouter(routes), options);
  const closing = new AbortController();
  // Who asks first should not wait for it; a store that fails is reported when a question needs it.
  warmUp({ signal: closing.signal }).catch(() => {});
  return {
    url: listener.url,
    close(options) {
      closing.abort();
      return listener.close(options);
    },
  };
}

/** Listens for all callers, and if `operatorListen` is given for the operator; closing closes both. */
async function listenEverywhere(
  handler: HttpHandler,
  { listen, operatorListen, connectionsMax, trustedProxies = [], reporter }: ServeNodeOptions,
): Promise<HttpListener> {
  const listener = await nodeServer(handler, {
    listen,
    connectionsMax,
    isShared: (address) => isTrustedProxy(address, trustedProxies),
  });
  if (operatorListen === undefined) return listener;
  const onOperatorListener: HttpHandler = (request, caller) =>
    handler(request, { ...caller, isOnOperatorListener: true });
  const operator = await nodeServer(onOperatorListener, { listen: operatorListen })
    .catch(async (error) => {
      await listener.close();
      throw error;
    });
  reporter.report("info", "Serving the operator", { operatorUrl: operator.url });
  return {
    url: listener.url,
    async close(options) {
      await Promise.all([listener.close(options), operator.close(options)]);
    },
  };
}
