import type { CompressFrame } from "../../../adapters/file_system/packs/pack_files.ts";
import { compressFrame } from "../../../adapters/file_system/packs/zstd.ts";
import { serveThread } from "../../../adapters/threads/serve_thread.ts";
import { threadPool } from "../../../adapters/threads/thread_pool.ts";
import type { WorkerPool } from "../../../ports/worker_pool.ts";
import { threadCount } from "../thread_count.ts";

interface PackData {
  readonly kind: "pack";
}

// Each takes some 100 MB while it compresses, and an hour has few frames.
const THREADS_MAX = 4;

/** Threads that compress. */
export interface PackThreads {
  /** Compresses on one of them. */
  readonly compress: CompressFrame;
  /** Ends the threads. */
  close(): Promise<void>;
}

/**
 * Threads that compress for packing. They start with the first piece of work.
 *
 * @param size how many, where the environment does not say. @default one for each processor
 */
export function packThreads(size: number = THREADS_MAX): PackThreads {
  const data: PackData = { kind: "pack" };
  const count = threadCount(size).size;
  if (count === 0) {
    const compress = (content: Uint8Array) => Promise.resolve(compressFrame(content));
    return { compress, close: () => Promise.resolve() };
  }
  const pool: WorkerPool<Uint8Array, Uint8Array> = threadPool({
    url: import.meta.url,
    data,
    size: count,
  });
  return { compress: (content) => pool.run(content), close: () => pool.close() };
}

serveThread(
  "pack",
  (_: PackData) => (content: Uint8Array) => Promise.resolve(compressFrame(content)),
  function* ({ buffer }: Uint8Array) {
    if (buffer instanceof ArrayBuffer) yield buffer;
  },
);
