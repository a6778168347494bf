import type { HttpRoute } from "../../ports/http.ts";
import { type Access, DEFAULT_ACCESS } from "./gate/access.ts";
import { DEFAULT_LIMITS, Gate, type GateOptions } from "./gate/gate.ts";
import { NOWHERE } from "./routes/nowhere.ts";
import { type OperatorOptions, operatorRoutes } from "./routes/operator_routes.ts";

/** What {@link workerApi} works with. */
export interface WorkerApiOptions extends Omit<GateOptions, "access" | "limits"> {
  /** Who may see the metrics. @default callers of this machine on the operator's listener */
  readonly access?: Partial<Access> | undefined;
  readonly metricsPage: NonNullable<OperatorOptions["metricsPage"]>;
}

/** The routes of a process that serves no archive: /metrics and /healthz. */
export function workerApi({ metricsPage, access, ...options }: WorkerApiOptions): HttpRoute[] {
  const rules: Access = { ...DEFAULT_ACCESS, ...access };
  const gate = new Gate({ ...options, access: () => rules, limits: () => DEFAULT_LIMITS });
  return [...operatorRoutes({ metricsPage }), NOWHERE].map((route) => gate.guard(route));
}
