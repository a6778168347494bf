import { stat } from "node:fs/promises";
import { BLOCKING_READ_CALLS } from "../../adapters/file_system/calls/file_calls.ts";
import { openParts } from "./parts/archive_parts.ts";
import { nodeHasher } from "../../adapters/hashers/node_hasher.ts";
import { type CounterReading, Counters } from "../../adapters/metrics/counters.ts";
import { serveThread, type ThreadTask } from "../../adapters/threads/serve_thread.ts";
import { threadPool } from "../../adapters/threads/thread_pool.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import {
  importCapture,
  type Imported,
  type ImportOptions,
} from "../../engine/import/import_capture.ts";
import type { ReportFields, Severity } from "../../ports/reporter.ts";
import type { WorkerPool } from "../../ports/worker_pool.ts";
import { openCapture } from "./captures/capture_file.ts";
import type { UnpackFault } from "./captures/unpack.ts";
import { threadCount } from "./thread_count.ts";

/** What became of one capture. */
export interface ImportOutcome {
  /** The name of the capture, as in messages. */
  readonly name: string;
  /** What was imported, or why nothing could be read. */
  readonly imported: Imported | { readonly refusal: string };
  /** What is missing or in excess. */
  readonly fault: UnpackFault | undefined;
}

/** What a thread tells of a capture before it is done. */
export type ImportNews =
  | { readonly kind: "lines"; readonly lines: number }
  | {
    readonly kind: "report";
    readonly severity: Severity;
    readonly message: string;
    readonly fields: ReportFields | undefined;
  }
  | { readonly kind: "counts"; readonly counts: readonly CounterReading[] };

/** Threads that each import one capture at a time. A task is the path of a capture. */
export type ImportPool = WorkerPool<string, ImportOutcome, ImportNews>;

interface ImportData {
  readonly kind: "import";
  readonly archive: string;
}

// More threads than this wait for the disk, and each takes some 80 MB.
const THREADS_MAX = 4;
// Lines become many small objects: with less, collecting them takes a tenth more time.
const YOUNG_MB = 16;
// Less is imported by the time that threads have started.
const WORTH_BYTES = 16 * 1024 * 1024;

/** Imports the capture at `path`. A capture that cannot be read is an outcome, not an error. */
export async function importFile(
  path: string,
  options: ImportOptions & { readonly signal: AbortSignal },
): Promise<ImportOutcome> {
  let name = path;
  try {
    const capture = await openCapture(path, options.signal);
    name = capture.name;
    try {
      const imported = await importCapture(capture, options);
      return { name, imported, fault: capture.fault };
    } finally {
      await capture[Symbol.asyncDispose]();
    }
  } catch (error) {
    if (!(error instanceof ChatloomError) || error.code !== "INPUT_UNREADABLE") throw error;
    return { name, imported: { refusal: error.message }, fault: undefined };
  }
}

/**
 * Threads that import `paths` into `archive`, a folder or an address of PostgreSQL; `undefined` if there is too
 * little for them to do.
 */
export async function importThreads(
  archive: string,
  paths: readonly string[],
): Promise<ImportPool | undefined> {
  const { size, inlineCount } = threadCount(THREADS_MAX);
  const count = Math.min(size, paths.length);
  const isAsked = inlineCount !== undefined;
  if (count < (isAsked ? 1 : 2) || paths.includes("-")) return undefined;
  if (!isAsked && await bytesBeside(paths) < WORTH_BYTES) return undefined;
  const data: ImportData = { kind: "import", archive };
  return threadPool<string, ImportOutcome, ImportNews>({
    url: import.meta.url,
    data,
    size: count,
    youngMb: YOUNG_MB,
  });
}

/** How many bytes all but the largest of the files hold: what other threads could do meanwhile. */
async function bytesBeside(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    paths.map((path) => stat(path).then(({ size }) => size, () => 0)),
  );
  return sizes.reduce((sum, size) => sum + size, 0) - Math.max(...sizes);
}

serveThread("import", ({ archive }: ImportData) => {
  const opening = openParts(archive, { folder: { calls: BLOCKING_READ_CALLS } });
  opening.catch(() => {}); // Each task reports it.
  const hasher = nodeHasher();
  return async (path: string, { signal, tell }: ThreadTask<ImportNews>) => {
    const counters = new Counters();
    const reporter = {
      report: (severity: Severity, message: string, fields?: ReportFields) =>
        tell({ kind: "report", severity, message, fields }),
      count: counters.count.bind(counters),
    };
    const onProgress = (lines: number) => tell({ kind: "lines", lines });
    try {
      const { files: store } = await opening;
      return await importFile(path, { store, hasher, reporter, signal, onProgress });
    } finally {
      tell({ kind: "counts", counts: counters.readings() });
    }
  };
});
