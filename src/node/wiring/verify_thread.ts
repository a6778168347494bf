import { availableParallelism } from "node:os";
import { BLOCKING_READ_CALLS } from "../../adapters/file_system/calls/file_calls.ts";
import { fileSystemStore } from "../../adapters/file_system/file_system_store.ts";
import { bestHasher } from "../../adapters/hashers/web_crypto_hasher.ts";
import { serveThread } from "../../adapters/threads/serve_thread.ts";
import { threadPool } from "../../adapters/threads/thread_pool.ts";
import { type VerifiedHour, verifyHour } from "../../engine/verify/verify_hours.ts";
import type { WorkerPool } from "../../ports/worker_pool.ts";

interface VerifyData {
  readonly kind: "verify";
  readonly archive: string;
}

// More threads than this wait for the disk, and each takes some 40 MB.
const THREADS_MAX = 4;

/** Threads that verify hours of the archive in `folder`, one for each processor, four at the most. */
export function verifyThreads(folder: string): WorkerPool<string, VerifiedHour> {
  const data: VerifyData = { kind: "verify", archive: folder };
  const size = Math.min(THREADS_MAX, availableParallelism());
  return threadPool({ url: import.meta.url, data, size });
}

serveThread("verify", ({ archive }: VerifyData) => {
  const store = fileSystemStore(archive, { calls: BLOCKING_READ_CALLS });
  const hasher = bestHasher();
  return async (prefix: string) => await verifyHour(prefix, { store, hasher: await hasher });
});
