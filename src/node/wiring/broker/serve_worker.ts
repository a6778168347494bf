import { nodeBodyCoders } from "../../../adapters/compressors/node_body_coders.ts";
import { honoRouter } from "../../../adapters/http/hono_router.ts";
import { nodeServer } from "../../../adapters/http/node_server.ts";
import type { PrometheusMetrics } from "../../../adapters/metrics/prometheus_metrics.ts";
import { workerApi, type WorkerApiOptions } from "../../../engine/api/worker_api.ts";
import type { HttpListener } from "../../../ports/http.ts";

/** What {@link serveWorker} serves, and where. */
export interface ServeWorkerOptions
  extends Omit<WorkerApiOptions, "metrics" | "metricsPage" | "coders"> {
  readonly metrics: PrometheusMetrics;
  /** `HOST:PORT`, or `:PORT` for loopback. */
  readonly listen: string;
}

/**
 * Serves the metrics and the health of a worker. Callers of this machine need no token.
 *
 * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there.
 */
export async function serveWorker(
  { listen, ...options }: ServeWorkerOptions,
): Promise<HttpListener> {
  const metricsPage = () => options.metrics.page();
  const handler = honoRouter(workerApi({ ...options, metricsPage, coders: nodeBodyCoders() }));
  return await nodeServer(
    (request, caller) => handler(request, { ...caller, isOnOperatorListener: true }),
    { listen },
  );
}
