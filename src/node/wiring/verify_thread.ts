import { BLOCKING_READ_CALLS } from "../../adapters/file_system/calls/file_calls.ts";
import { nodeHasher } from "../../adapters/hashers/node_hasher.ts";
import { inlinePool } from "../../adapters/memory/inline_pool.ts";
import { serveThread } from "../../adapters/threads/serve_thread.ts";
import { threadPool } from "../../adapters/threads/thread_pool.ts";
import { type VerifiedHour, verifyHour } from "../../engine/verify/verify_hours.ts";
import type { WorkerPool } from "../../ports/worker_pool.ts";
import { openParts } from "./parts/archive_parts.ts";
import { threadCount } from "./thread_count.ts";

interface VerifyData {
  readonly kind: "verify";
  readonly archive: string;
}

// More threads than this wait for the disk, and each takes some 40 MB.
const THREADS_MAX = 4;

/** What verifies hours, and how many the caller verifies itself before it asks; `undefined` for the usual. */
export interface VerifyThreads {
  readonly pool: WorkerPool<string, VerifiedHour>;
  readonly inlineCount: number | undefined;
}

/**
 * Threads that verify hours of `archive`, a folder or an address of PostgreSQL: one for each processor, four at
 * the most.
 */
export function verifyThreads(archive: string): VerifyThreads {
  const data: VerifyData = { kind: "verify", archive };
  const { size, inlineCount } = threadCount(THREADS_MAX);
  const pool = size === 0
    ? inlinePool(verifierOf(data), { size: 1 })
    : threadPool<string, VerifiedHour>({ url: import.meta.url, data, size });
  return { pool, inlineCount };
}

serveThread("verify", verifierOf);

function verifierOf({ archive }: VerifyData): (prefix: string) => Promise<VerifiedHour> {
  const opening = openParts(archive, { folder: { calls: BLOCKING_READ_CALLS } });
  opening.catch(() => {}); // Each task reports it.
  const hasher = nodeHasher();
  return async (prefix) => await verifyHour(prefix, { store: (await opening).files, hasher });
}
