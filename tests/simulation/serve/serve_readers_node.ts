/**
 * A node that records and serves in one process, for `serve_readers_test.ts`: `NODE URL ARCHIVE`.
 * Says where it serves on its first line, and when it is stopped how late lines came to it.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { Counters } from "../../../src/adapters/metrics/counters.ts";
import { fileSystemJournal } from "../../../src/adapters/file_system/file_system_journal.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { honoRouter } from "../../../src/adapters/http/hono_router.ts";
import { nodeServer } from "../../../src/adapters/http/node_server.ts";
import { prometheusMetrics } from "../../../src/adapters/metrics/prometheus_metrics.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { bestHasher } from "../../../src/adapters/hashers/web_crypto_hasher.ts";
import { runtimeTransport } from "../../../src/adapters/websocket/ws_transport.ts";
import { sentUs } from "../../../src/core/batch/content.ts";
import { nodeApi } from "../../../src/engine/api/node_api.ts";
import { JournalWriter } from "../../../src/engine/journal/journal_writer.ts";
import { measuredStore } from "../../../src/engine/metrics/measured_store.ts";
import { watchRecording } from "../../../src/engine/metrics/watch_recording.ts";
import { Recorder } from "../../../src/engine/record/recorder.ts";
import { chatPool } from "../../../src/engine/session/chat_pool.ts";
import type { ChatListener } from "../../../src/engine/session/lines/listener.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import type { Reporter } from "../../../src/ports/reporter.ts";

const [url = "", archive = ""] = process.argv.slice(2);
const clock = systemClock();
const hasher = await bestHasher();
const counters = new Counters();
const metrics = prometheusMetrics({ counters });
const troubles: string[] = [];
const reporter: Reporter = {
  report(severity, message, fields) {
    const isTrouble = severity === "warning" || severity === "error";
    if (isTrouble && troubles.length < 20) troubles.push(`${message} ${JSON.stringify(fields)}`);
  },
  count: (name, labels, amount) => counters.count(name, labels, amount),
};
const store = measuredStore(fileSystemStore(archive), { reporter, metrics });
const journals = fileSystemJournal(archive);
const run = await journals.openRun("node");
const journal = new JournalWriter(run, { store: journals, reporter });
const settler = new Settler({ store, hasher, clock, reporter });
const onStored = settler.onFileStored;
const recorder = new Recorder({ store, hasher, clock, reporter, journal, onStored });

/** How late lines with a timestamp came, in whole milliseconds → how many did. */
const lags = new Map<number, number>();
const listener: ChatListener = {
  opened: (receiver) => recorder.opened(receiver),
  closed: (receiver, fragment) => recorder.closed(receiver, fragment),
  received(receiver, lines) {
    const nowUs = clock.wallUs();
    for (const { parsed } of lines) {
      const us = parsed?.ok ? sentUs(parsed.message.tags) : undefined;
      if (us === undefined) continue;
      const lagMs = Math.max(0, Math.round((nowUs - us) / 1000));
      lags.set(lagMs, (lags.get(lagMs) ?? 0) + 1);
    }
    recorder.received(receiver, lines);
  },
};
const pool = chatPool({
  url,
  transport: runtimeTransport(),
  clock,
  random: systemRandom(),
  reporter,
  listener,
  runName: run.name,
});
pool.setChannels([{ name: "forsen", isImportant: true }]);
watchRecording(metrics, { recorder, pool, settler });
const { routes } = nodeApi({
  store,
  hasher,
  clock,
  random: systemRandom(),
  reporter,
  metrics,
  metricsPage: () => metrics.page(),
  state: () => ({ recorder: recorder.state(), connections: pool.state().connections }),
  version: "0",
});
const server = await nodeServer(honoRouter(routes), { listen: "127.0.0.1:0" });
console.log(server.url);

const stopPool = new AbortController();
const stopRest = new AbortController();
process.once("SIGTERM", () => stopPool.abort());
// From here on: the calm before the readers come and the storm after are told apart.
let loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const phases: unknown[] = [];
function endPhase(): void {
  const sorted = [...lags].sort(([a], [b]) => a - b);
  const count = sorted.reduce((sum, [, amount]) => sum + amount, 0);
  const lagAt = (share: number) => {
    let seen = 0;
    for (const [lagMs, amount] of sorted) if ((seen += amount) >= share * count) return lagMs;
    return 0;
  };
  phases.push({
    lines: count,
    medianLagMs: lagAt(0.5),
    p99LagMs: lagAt(0.99),
    maxLagMs: sorted.at(-1)?.[0] ?? 0,
    p99LoopMs: Math.round(loop.percentile(99) / 1e6),
    maxLoopMs: Math.round(loop.max / 1e6),
  });
  lags.clear();
  loop.disable();
  loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
}
process.on("SIGUSR2", endPhase);

const recording = recorder.run(stopRest.signal);
const settling = settler.run(stopRest.signal);
await pool.run(stopPool.signal).catch((error: unknown) => {
  if (!stopPool.signal.aborted) throw error;
});
endPhase();
stopRest.abort();
await Promise.all([recording, settling]);
await server.close();
console.log(JSON.stringify({
  phases,
  troubles,
  received: counters.total("lines_received"),
  requests: counters.total("http_requests"),
}));
