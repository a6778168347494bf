import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { ChatloomError, UnreadableEntryError } from "../../core/errors/errors.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { settleCoverage } from "../coverage/settle_coverage.ts";
import { ChannelFiles } from "../read/files/channel_files.ts";
import type { MinuteSpan } from "../read/minute_closure.ts";
import { faultsOf } from "../read/files/fault_reporter.ts";
import { SnapshotStaleError } from "../read/hour_snapshot.ts";
import type { KnownBatches } from "./known_batches.ts";
import { inProcessLock } from "./in_process_lock.ts";
import { carryOut } from "./carry_out.ts";
import { planSpan, type SettledMinutes, settleMinute } from "./settle_minute.ts";
import type { PendingMinute } from "./settle_plan.ts";
import type { SettleVerdict } from "./settle_verdict.ts";
import type { SpanWorkers } from "./span_workers.ts";

/** What a channel's settler works with. */
export interface SettleOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Names the new files. */
  readonly hasher: Hasher;
  /** Gets a report of files that are left alone. */
  readonly reporter: Reporter;
  /** The mutex for settling this archive. By default it covers this process only. */
  readonly lock?: ArchiveLock;
  /** Called every few milliseconds of work: lets others run. @default never */
  readonly rest?: (() => Promise<void>) | undefined;
  /**
   * Work out what to do with many minutes beside this thread. By default this thread does.
   *
   * @internal
   */
  readonly workers?: SpanWorkers | undefined;
}

/** The totals of settling. */
export interface SettleTotals {
  /** Minutes checked. */
  readonly minutes: number;
  /** Batches written. */
  readonly written: number;
  /** Files deleted, because others include them. */
  readonly deleted: number;
}

/** The outcome of settling minutes in a row at once. */
export interface SpanOutcome {
  /** When each minute starts, ascending; at least one. */
  readonly minutes: readonly Micros[];
  /** The work that was done; `undefined` if it failed. */
  settled: SettledMinutes | undefined;
  /** Why it failed. The minutes may be settled or not; nothing is lost. */
  error: unknown;
}

function outcomeOf(minutes: readonly Micros[]): SpanOutcome {
  return { minutes, settled: undefined, error: undefined };
}

function spanOf({ minutes }: SpanOutcome): MinuteSpan {
  return { fromUs: minutes[0]!, toUs: minutes.at(-1)! };
}

/** No work. */
export const NOTHING_SETTLED: SettleTotals = { minutes: 0, written: 0, deleted: 0 };

/** The sum of two totals. */
export function addTotals(left: SettleTotals, right: SettleTotals): SettleTotals {
  return {
    minutes: left.minutes + right.minutes,
    written: left.written + right.written,
    deleted: left.deleted + right.deleted,
  };
}

// A minute needs a second look if another has to take its messages first. One that needs more has
// another settler at work, or files that cannot be merged: a later note tries again.
const LOOKS_MAX = 8;

// The files of the minutes that are settled at once, and of those before them, are in memory.
const AT_ONCE_MAX = 15;
const AT_ONCE_MAX_BYTES = 8 * 1024 * 1024;

/** Settles minutes of one channel. */
export class ChannelSettler {
  readonly #options: SettleOptions;
  readonly #lock: ArchiveLock;
  readonly #files: ChannelFiles;
  readonly #known: KnownBatches | undefined;
  /** How many minutes are settled at once. */
  #width = AT_ONCE_MAX;

  /** Settles minutes of `channel`; batches that are `known` need not be read. */
  constructor(channel: string, options: SettleOptions & { readonly known?: KnownBatches }) {
    this.#known = options.known;
    this.#options = options;
    this.#lock = options.lock ?? inProcessLock(options.store);
    this.#files = new ChannelFiles(channel, options);
  }

  /**
   * Settles a minute, and those that have to be settled because of it. Takes the lock for each.
   *
   * @throws {ChatloomError} when the store fails. Nothing is lost.
   */
  async settle(first: PendingMinute, abort: AbortOptions = {}): Promise<SettleTotals> {
    const looks = new Map<Micros, number>();
    let totals = NOTHING_SETTLED;
    const due = [first];
    for (let next = due.shift(); next !== undefined; next = due.shift()) {
      abort.signal?.throwIfAborted();
      const count = (looks.get(next.minuteUs) ?? 0) + 1;
      if (count > LOOKS_MAX) continue;
      looks.set(next.minuteUs, count);
      const settled = await this.#settleOne(next, abort);
      totals = addTotals(totals, { minutes: 1, ...settled });
      due.push(...settled.due);
    }
    return totals;
  }

  /**
   * Settles minutes under one lock, some in a row at a time: while the disk takes the files of one span, the
   * next one is worked out. One that fails stops no other.
   *
   * @param minutes the batches of each minute, ascending.
   * @param options.onSettled called after each span that was settled.
   * @returns the outcome of each span. The caller settles what is {@link SettledMinutes.due}.
   * @throws {ChatloomError} when the lock cannot be had.
   */
  async settleSpans(
    minutes: ReadonlyMap<Micros, readonly ArchiveKey[]>,
    { signal, onSettled }: AbortOptions & { readonly onSettled: (span: SpanOutcome) => void },
  ): Promise<readonly SpanOutcome[]> {
    const files = this.#files;
    const { workers } = this.#options;
    const all = [...minutes];
    return await this.#inTurn(async (store) => {
      const options = { ...this.#options, signal, store, files };
      await files.refreshRedactions({ signal });
      const outcomes: SpanOutcome[] = [];
      const planned: {
        readonly outcome: SpanOutcome;
        readonly planning: Promise<SettleVerdict>;
      }[] = [];
      let writing: Promise<void> = Promise.resolve();
      const superseded = new Set<ArchiveKey>();
      // What was worked out beside the span before may rely on files that this one has superseded: flushing them
      // would bring them back.
      const current = async (verdict: SettleVerdict) =>
        verdict.relied.some(({ key }) => superseded.has(key))
          ? await planSpan(verdict.span, options)
          : verdict;
      const carryOutNext = async () => {
        const { outcome, planning } = planned.shift()!;
        const early = await planning.catch((error: unknown) => void (outcome.error = error));
        await writing;
        const verdict = early &&
          await current(early).catch((error: unknown) => void (outcome.error = error));
        if (!verdict) return;
        this.#fitWidth(verdict);
        writing = carryOut(verdict, options).then((settled) => {
          outcome.settled = settled;
          if (settled.deleted > 0) { for (const { key } of verdict.covered) superseded.add(key); }
          onSettled(outcome);
        }, (error: unknown) => void (outcome.error = error));
      };
      for (let at = 0; at < all.length && signal?.aborted !== true;) {
        const some = all.slice(at, at + this.#width);
        const ahead = all.slice(at, at + 2 * this.#width);
        at += some.length;
        const outcome = outcomeOf(some.map(([minuteUs]) => minuteUs));
        outcomes.push(outcome);
        const span = spanOf(outcome);
        let planning = workers?.plan(
          { channel: files.channel, span },
          () => planSpan(span, options),
        );
        const width = planning === undefined ? 0 : workers!.width;
        if (planning === undefined) {
          files.readAhead(ahead.flatMap(([, keys]) => keys), { signal });
          planning = planSpan(span, options);
        }
        planning.catch(() => {}); // It is awaited when its turn comes.
        planned.push({ outcome, planning });
        while (planned.length > width) await carryOutNext();
      }
      while (planned.length > 0) await carryOutNext();
      await writing;
      return outcomes;
    }, { signal });
  }

  /** Bounds how many minutes are settled at once by the bytes of those of `verdict`. */
  #fitWidth({ span, targetBytes }: SettleVerdict): void {
    const minuteCount = 1 + (span.toUs - span.fromUs) / MINUTE_US;
    const fitting = Math.floor(AT_ONCE_MAX_BYTES * minuteCount / Math.max(1, targetBytes));
    this.#width = Math.min(AT_ONCE_MAX, Math.max(1, fitting));
  }

  /**
   * The keys of the channel's redactions, in order.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async redactions(abort: AbortOptions = {}): Promise<readonly ArchiveKey[]> {
    return await this.#files.refreshRedactions(abort);
  }

  /**
   * Merges the coverage of an hour into one file, under the lock.
   *
   * @throws {ChatloomError} when the store fails. Nothing is lost.
   */
  async settleCoverage(hourUs: Micros, abort: AbortOptions = {}): Promise<SettleTotals> {
    const { channel } = this.#files;
    const settled = await this.#inTurn(
      (store) => settleCoverage(channel, hourUs, { ...this.#options, ...abort, store }),
      abort,
    );
    return { minutes: 0, ...settled };
  }

  async #settleOne(
    { minuteUs, isAlone }: PendingMinute,
    abort: AbortOptions,
  ): Promise<{ written: number; deleted: number; due: readonly PendingMinute[] }> {
    const files = this.#files;
    try {
      if (await this.#isKnown(minuteUs, abort)) return { written: 0, deleted: 0, due: [] };
      return await this.#inTurn(async (store) => {
        await files.refreshRedactions(abort);
        return await settleMinute({ minuteUs, isAlone }, {
          ...this.#options,
          ...abort,
          store,
          files,
        });
      }, abort);
    } catch (error) {
      if (error instanceof SnapshotStaleError) {
        return { written: 0, deleted: 0, due: [{ minuteUs, isAlone }] };
      }
      if (!(error instanceof UnreadableEntryError)) throw error;
      // An entry is where a batch should be and cannot be replaced. Trying again does not help.
      const [{ path, reason }] = error.entries;
      faultsOf(this.#options.reporter).tell(path, { why: "blocked", reason });
      return { written: 0, deleted: 0, due: [] };
    }
  }

  /**
   * Whether a minute needs no settling, without reading its files. Looked up without the lock: nothing is changed
   * here, and what others bring meanwhile is noted by them.
   */
  async #isKnown(minuteUs: Micros, abort: AbortOptions): Promise<boolean> {
    if (!this.#known?.mayHold(this.#files.channel, minuteUs)) return false;
    const files = this.#files;
    if ((await files.refreshRedactions(abort)).length > 0) return false;
    const source = { ...this.#options, ...abort, store: files.store, files };
    return await this.#known.areSettled(minuteUs, source);
  }

  /**
   * Runs `work` under the lock. A process that may not take the lock, as on a read-only disk, may not
   * change anything either: then `work` runs nevertheless and fails only when it has to change a file.
   */
  async #inTurn<T>(work: (store: BatchStore) => Promise<T>, abort: AbortOptions): Promise<T> {
    const { channel, store } = this.#files;
    let hasTurn = false;
    try {
      return await this.#lock.hold(channel, () => {
        hasTurn = true;
        return work(store);
      }, abort);
    } catch (error) {
      const isDenied = error instanceof ChatloomError && error.code === "STORE_DENIED";
      if (hasTurn || !isDenied) throw error;
      return await work(unwritable(store, error));
    }
  }
}

/** The same store, read-only: every change fails with `error`. */
function unwritable(store: BatchStore, error: ChatloomError): BatchStore {
  return {
    list: (prefix, options) => store.list(prefix, options),
    folders: (folder, options) => store.folders(folder, options),
    get: (key, options) => store.get(key, options),
    put: () => Promise.reject(error),
    delete: () => Promise.reject(error),
    strays: (prefix, options) => store.strays(prefix, options),
  };
}
