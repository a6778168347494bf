import { BLOCKING_READ_CALLS } from "../../adapters/file_system/calls/file_calls.ts";
import { nodeHasher } from "../../adapters/hashers/node_hasher.ts";
import { serveThread } from "../../adapters/threads/serve_thread.ts";
import { threadPool } from "../../adapters/threads/thread_pool.ts";
import type { SettleVerdict } from "../../engine/settle/settle_verdict.ts";
import { SpanPlanner, type SpanTask, SpanWorkers } from "../../engine/settle/span_workers.ts";
import { openParts } from "./parts/archive_parts.ts";
import { threadCount } from "./thread_count.ts";

interface SettleData {
  readonly kind: "settle";
  readonly archive: string;
}

// More threads than this wait for the one that writes, and each takes some 60 MB.
const THREADS_MAX = 4;

/** Threads that read and merge for settling an archive. */
export interface SettleThreads {
  /** `undefined` where there are none. */
  readonly workers: SpanWorkers | undefined;
  /** Ends the threads. */
  close(): Promise<void>;
}

/**
 * Threads that work out what settles `archive`, a folder or an address of PostgreSQL. They start when there is
 * enough to do.
 */
export function settleThreads(archive: string): SettleThreads {
  const data: SettleData = { kind: "settle", archive };
  const { size: most, inlineCount } = threadCount(THREADS_MAX);
  // The thread that writes has a processor to itself. One worker beside it gains no time (measured on two
  // processors, 2026-11) and costs a quarter more of theirs, and 80 MB.
  const size = inlineCount === undefined ? (most < 3 ? 0 : most - 1) : most;
  if (size === 0) return { workers: undefined, close: () => Promise.resolve() };
  const pool = threadPool<SpanTask, SettleVerdict | undefined>({
    url: import.meta.url,
    data,
    size,
  });
  return { workers: new SpanWorkers(pool, { inlineCount }), close: () => pool.close() };
}

serveThread("settle", ({ archive }: SettleData) => {
  const opening = openParts(archive, { folder: { calls: BLOCKING_READ_CALLS } })
    .then(({ files: store }) => new SpanPlanner({ store, hasher: nodeHasher() }));
  opening.catch(() => {}); // Each task reports it.
  return async (task: SpanTask) => await (await opening).plan(task);
}, buffersOf);

function* buffersOf(verdict: SettleVerdict | undefined): Iterable<ArrayBuffer> {
  if (verdict === undefined) return;
  for (const { bytes } of [...verdict.missing, ...verdict.covered, ...verdict.relied]) {
    if (bytes?.buffer instanceof ArrayBuffer) yield bytes.buffer;
  }
}
