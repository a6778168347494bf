import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { ChatloomError, UnreadableEntryError } from "../../core/errors/errors.ts";
import type { Micros } from "../../core/time.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { settleCoverage } from "../coverage/settle_coverage.ts";
import { ChannelFiles } from "../read/files/channel_files.ts";
import { faultsOf } from "../read/files/fault_reporter.ts";
import { SnapshotStaleError } from "../read/hour_snapshot.ts";
import type { KnownBatches } from "./known_batches.ts";
import { inProcessLock } from "./in_process_lock.ts";
import { type SettledMinutes, settleMinute, settleSpan } from "./settle_minute.ts";
import type { PendingMinute } from "./settle_plan.ts";

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

/** What came of settling minutes in a row; but for `totals` as {@link SettledMinutes} tells it. */
export interface SettledSpan extends Pick<SettledMinutes, "byteCount" | "before" | "after"> {
  readonly totals: SettleTotals;
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

/** Settles minutes of one channel. */
export class ChannelSettler {
  readonly #options: SettleOptions;
  readonly #lock: ArchiveLock;
  readonly #files: ChannelFiles;
  readonly #known: KnownBatches | undefined;

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
   * Settles minutes in a row at once, and those that have to be settled because of them, under one lock.
   *
   * @param minutes when each starts, ascending, at least one.
   * @throws {ChatloomError} when the store fails for one of them, which may be settled or not, as may the
   * others. Nothing is lost.
   */
  async settleSpan(
    minutes: readonly Micros[],
    abort: AbortOptions = {},
  ): Promise<SettledSpan> {
    const files = this.#files;
    const span = { fromUs: minutes[0]!, toUs: minutes.at(-1)! };
    const settled = await this.#inTurn(async (store) => {
      await files.refreshRedactions(abort);
      return await settleSpan(span, { ...this.#options, ...abort, store, files });
    }, abort);
    let totals = addTotals(NOTHING_SETTLED, { ...settled, minutes: minutes.length });
    for (const due of settled.due) totals = addTotals(totals, await this.settle(due, abort));
    const { byteCount, before, after, due } = settled;
    return { totals, byteCount, before, after: due.length === 0 ? after : undefined };
  }

  /**
   * The keys of the channel's redactions, in order.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async redactions(abort: AbortOptions = {}): Promise<readonly ArchiveKey[]> {
    return await this.#files.refreshRedactions(abort);
  }

  /** Begins to read the files that will be settled next. */
  readAhead(keys: readonly ArchiveKey[], abort: AbortOptions = {}): void {
    this.#files.readAhead(keys, abort);
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
      return await this.#inTurn(async (store) => {
        const redactions = await files.refreshRedactions(abort);
        const source = { ...this.#options, ...abort, store, files };
        if (redactions.length === 0 && await this.#known?.areSettled(minuteUs, source)) {
          return { written: 0, deleted: 0, due: [] };
        }
        return await settleMinute({ minuteUs, isAlone }, source);
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
