import { chatFolder, hourPrefix, parseHour, roomPrefix } from "../../core/archive/archive_key.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { WorkerPool } from "../../ports/worker_pool.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
import type { Finding } from "./finding.ts";
import {
  findStrays,
  verifyFiles,
  type VerifyOptions,
  type VerifyTotals,
} from "./verify_archive.ts";

/** What a worker finds in an hour. */
export interface VerifiedHour extends VerifyTotals {
  readonly findings: readonly Finding[];
}

// A small archive is verified by the time that workers have started.
const INLINE_MAX = 4;

/** What {@link verifyHours} works on. */
export interface VerifyHoursOptions extends Omit<VerifyOptions, "prefix"> {
  /** The one channel to look at. @default all channels */
  readonly channel?: string | undefined;
  /** Looks into one hour each: see {@link verifyHour}. A task is how the keys of its files start. */
  readonly pool: WorkerPool<string, VerifiedHour>;
  /** How many hours are verified here before workers get the others. @default 4 */
  readonly inlineCount?: number | undefined;
}

/**
 * What a worker does for {@link verifyHours}.
 *
 * @param prefix what the keys of the files to verify start with: those of an hour, of a channel.
 * @throws {ChatloomError} as `verifyArchive` does.
 */
export async function verifyHour(
  prefix: string,
  options: Omit<VerifyOptions, "prefix">,
): Promise<VerifiedHour> {
  const findings: Finding[] = [];
  const verified = verifyFiles({ ...options, prefix });
  let step = await verified.next();
  for (; !step.done; step = await verified.next()) findings.push(step.value);
  return { findings, ...step.value };
}

/**
 * As `verifyArchive`, with several hours at a time, in workers from the fifth on. Findings come in the same order, but for
 * folders that cannot be read: those come where their files would.
 *
 * @throws {ChatloomError} as `verifyArchive` does.
 */
export async function* verifyHours(
  options: VerifyHoursOptions,
): AsyncGenerator<Finding, VerifyTotals> {
  const { channel: only, pool, inlineCount = INLINE_MAX, signal, onProgress } = options;
  const unread: Finding[] = [];
  const store = tolerantStore(options.store, ({ path, reason }) => {
    unread.push({ kind: "unreadable", path, reason });
  });
  let [files, messages] = [0, 0];
  const running: { readonly prefix: string; readonly hour: Promise<VerifiedHour> }[] = [];
  let count = 0;
  for await (const prefix of prefixesOf(only, { ...options, store })) {
    const hour = count++ < inlineCount
      ? verifyHour(prefix, { store: options.store, hasher: options.hasher, signal })
      : pool.run(prefix, { signal });
    hour.catch(() => {}); // It is thrown when its turn comes.
    running.push({ prefix, hour });
    if (running.length > 2 * pool.size) yield* take();
  }
  while (running.length > 0) yield* take();
  yield* unread;
  yield* findStrays(store, only === undefined ? "" : `${only}/`, { signal });
  return { files, messages };

  async function* take(): AsyncGenerator<Finding, void> {
    const { prefix, hour } = running.shift()!;
    const { findings, ...totals } = await hour;
    files += totals.files;
    messages += totals.messages;
    onProgress?.({ files, messages }, prefix);
    yield* findings;
  }
}

/** What to verify, in the order of keys: of each channel its own room, then its hours. */
async function* prefixesOf(
  only: string | undefined,
  { store, signal }: Pick<VerifyHoursOptions, "store" | "signal"> & { readonly store: BatchStore },
): AsyncIterable<string> {
  for await (const channel of only === undefined ? store.folders("", { signal }) : [only]) {
    yield roomPrefix(channel);
    for await (const name of store.folders(chatFolder(channel), { signal })) {
      const hourUs = parseHour(name);
      if (hourUs !== undefined) yield hourPrefix(channel, hourUs);
    }
  }
}
