import type { RoutedRequest } from "../../../ports/http.ts";
import type { Severity } from "../../../ports/reporter.ts";
import { type ApiResponse, jsonResponse, textResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";

/** A page of metrics for a collector. */
export interface MetricsPage {
  /** Such as `text/plain; version=0.0.4`. */
  readonly type: string;
  /** The page. */
  readonly text: string;
}

/** The log's lowest level, which can be read and set. */
export interface LogLevel {
  /** The level. */
  get(): Severity;
  /** Sets it, from now on. */
  set(level: Severity): void;
}

/** The sources of the operator's routes. A source that is missing has no route. */
export interface OperatorOptions {
  /** The metrics of the process. */
  readonly metricsPage?: () => Promise<MetricsPage>;
  /** The state of connections, batches and queues: plain JSON. */
  readonly state?: () => { readonly [part: string]: unknown };
  /** The log's level. */
  readonly logLevel?: LogLevel;
}

const LEVELS: readonly Severity[] = ["debug", "info", "warning", "error"];
const REFUSED = {
  status: 403,
  description: "A page of another origin asks for a change",
  type: "text/plain",
};

/** Routes for the operator of the node: health, state and log level. */
export function operatorRoutes({ metricsPage, state, logLevel }: OperatorOptions): ApiRoute[] {
  const routes: ApiRoute[] = [{
    method: "GET",
    path: "/healthz",
    audience: "health",
    hasReservedPlace: true,
    summary: "Says ok while the node answers.",
    responseNotes: [{ status: 200, description: "ok", type: "text/plain" }],
    answer: () => Promise.resolve(textResponse(200, "ok", { "cache-control": "no-store" })),
  }];
  if (metricsPage !== undefined) {
    routes.push({
      method: "GET",
      path: "/metrics",
      audience: "metrics",
      summary: "What the node has counted and measured, as Prometheus reads it.",
      responseNotes: [{ status: 200, description: "Metrics", type: "text/plain" }],
      async answer() {
        const { type, text } = await metricsPage();
        return textResponse(200, text, { "content-type": type, "cache-control": "no-store" });
      },
    });
  }
  if (state !== undefined) {
    routes.push({
      method: "GET",
      path: "/debug/state",
      audience: "operator",
      summary: "The state of connections, open batches and queues, for the operator.",
      responseNotes: [
        {
          status: 200,
          description: "Parts of the node and their state",
          type: "application/json",
          schema: { type: "object" },
        },
      ],
      answer: () => Promise.resolve(jsonResponse(state(), { "cache-control": "no-store" })),
    });
  }
  if (logLevel !== undefined) routes.push(...logLevelRoutes(logLevel));
  return routes;
}

function logLevelRoutes(logLevel: LogLevel): ApiRoute[] {
  const path = "/debug/log-level";
  const described = { type: "text/plain", schema: { type: "string", enum: LEVELS } };
  return [{
    method: "GET",
    path,
    audience: "operator",
    summary: "The lowest level that is logged, for the operator.",
    responseNotes: [{ status: 200, description: "The level", ...described }],
    answer: () => Promise.resolve(textResponse(200, logLevel.get())),
  }, {
    method: "PUT",
    path,
    audience: "operator",
    summary:
      "Sets the lowest level that is logged; the body is its name. Always needs the operator's token.",
    responseNotes: [
      { status: 200, description: "The level that is set now", ...described },
      { status: 400, description: "No level has that name", type: "text/plain" },
      REFUSED,
    ],
    answer: (routed) => setLogLevel(routed, logLevel),
  }];
}

async function setLogLevel({ request }: RoutedRequest, logLevel: LogLevel): Promise<ApiResponse> {
  const text = (await request.text()).trim(); // The gate lets only short bodies in.
  const level = LEVELS.find((each) => each === text);
  if (level === undefined) {
    return textResponse(400, `The level must be one of: ${LEVELS.join(", ")}`);
  }
  logLevel.set(level);
  return textResponse(200, level);
}
