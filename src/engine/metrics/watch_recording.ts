import { MILLISECOND_US, SECOND_US } from "../../core/time.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Recorder } from "../record/recorder.ts";
import type { ChatPool } from "../session/chat_pool.ts";
import type { Settler } from "../settle/settler.ts";

/** The parts of a recording. */
export interface RecordingParts {
  readonly recorder: Pick<Recorder, "state">;
  readonly pool: Pick<ChatPool, "state">;
  readonly settler?: Pick<Settler, "pending">;
}

/** Sets gauges for a recorder, its connections and its settler. */
export function watchRecording(
  metrics: Metrics,
  { recorder, pool, settler }: RecordingParts,
): void {
  const plain = (name: string, read: () => number) =>
    metrics.gauge(name, () => [{ value: read() }]);
  plain("open_batches", () => recorder.state().openBatches);
  plain("pending_batches", () => recorder.state().pendingBatches);
  plain("journal_backlog_bytes", () => recorder.state().journalBacklogBytes);
  if (settler !== undefined) plain("settle_pending", () => settler.pending);
  metrics.gauge("server_lag_seconds", () => {
    const { serverLagUs } = recorder.state();
    return serverLagUs === undefined ? [] : [{ value: serverLagUs / SECOND_US }];
  });
  metrics.gauge("connections", () => {
    const counts = new Map<string, number>();
    for (const { phase } of pool.state().connections) {
      counts.set(phase, (counts.get(phase) ?? 0) + 1);
    }
    return [...counts].map(([phase, value]) => ({ labels: { phase }, value }));
  });
  plain("connection_silence_max_seconds", () => {
    const silentMs = pool.state().connections.map((each) => each.silentMs);
    return Math.max(0, ...silentMs) * MILLISECOND_US / SECOND_US;
  });
}
