import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { WorkerPool } from "../../ports/worker_pool.ts";
import { ChannelFiles } from "../read/files/channel_files.ts";
import type { MinuteSpan } from "../read/minute_closure.ts";
import { planSpan } from "./settle_minute.ts";
import type { SettleVerdict } from "./settle_verdict.ts";

/** Minutes of a channel, for a worker to look at. */
export interface SpanTask {
  readonly channel: string;
  readonly span: MinuteSpan;
}

/** Workers that each answer as {@link SpanPlanner.plan} does. */
export type SpanPool = WorkerPool<SpanTask, SettleVerdict | undefined>;

// A small archive is settled by the time that workers have started.
const INLINE_COUNT = 8;

/**
 * Spreads over workers what takes the time of settling, reading and merging. They change nothing: writing,
 * deleting and the lock stay with the one thread that settles.
 */
export class SpanWorkers {
  readonly #pool: SpanPool;
  #inlineCount: number;

  /**
   * @param options.inlineCount how many spans the caller plans itself before workers start. @default 8
   */
  constructor(
    pool: SpanPool,
    { inlineCount = INLINE_COUNT }: { readonly inlineCount?: number | undefined } = {},
  ) {
    this.#pool = pool;
    this.#inlineCount = inlineCount;
  }

  /** How many spans to have planned beyond the one that is carried out. */
  get width(): number {
    return this.#pool.size;
  }

  /**
   * Has a worker plan a span, and `inline` where that one cannot: it tells what is wrong. `undefined` if the
   * caller had better plan it, as there is little work so far.
   */
  plan(
    task: SpanTask,
    inline: () => Promise<SettleVerdict>,
  ): Promise<SettleVerdict> | undefined {
    if (this.#inlineCount-- > 0) return undefined;
    return this.#pool.run(task).catch(() => undefined).then((verdict) => verdict ?? inline());
  }
}

/** What a worker does for {@link SpanWorkers}: it only reads. */
export class SpanPlanner {
  readonly #options: { readonly store: BatchStore; readonly hasher: Hasher };
  #files: ChannelFiles | undefined;
  #hasTold = false;

  /** Plans for the archive in `store`. */
  constructor(options: { readonly store: BatchStore; readonly hasher: Hasher }) {
    this.#options = options;
  }

  /**
   * Works out what settles a span; `undefined` if there is anything to be told of it, as of a damaged file.
   *
   * @throws {ChatloomError} when the store fails.
   * @throws {SnapshotStaleError} when a file vanishes meanwhile.
   */
  async plan({ channel, span }: SpanTask): Promise<SettleVerdict | undefined> {
    const files = this.#filesOf(channel);
    this.#hasTold = false;
    const { store } = files;
    try {
      await files.refreshRedactions();
      const verdict = await planSpan(span, { ...this.#options, ...QUIET, store, files });
      return this.#hasTold ? undefined : verdict;
    } finally {
      files.dropBefore(Infinity); // The next span may go to another worker.
      // Faults are told once: the next span that meets this one must be told of it, too.
      if (this.#hasTold) this.#files = undefined;
    }
  }

  #filesOf(channel: string): ChannelFiles {
    if (this.#files?.channel === channel) return this.#files;
    const reporter = { report: () => void (this.#hasTold = true), count: () => {} };
    return this.#files = new ChannelFiles(channel, { ...this.#options, reporter });
  }
}

const QUIET = { reporter: { report: () => {}, count: () => {} } };
