import { abortWith, untilAborted } from "../../async/abort.ts";
import { forEachConcurrent } from "../../async/for_each_concurrent.ts";
import {
  type ArchiveKey,
  formatHour,
  hourPrefix,
  parseArchiveKey,
  parseHour,
} from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { type Micros, MILLISECOND_US, SECOND_US } from "../../core/time.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import { WorkBreaks } from "../read/work_breaks.ts";
import { KnownBatches } from "./known_batches.ts";
import { settleArchive } from "./settle_archive.ts";
import {
  addTotals,
  ChannelSettler,
  NOTHING_SETTLED,
  type SettleOptions,
  type SettleTotals,
} from "./settle_channel.ts";
import type { Unsettled } from "./unsettled.ts";

/** What a {@link Settler} works with. */
export interface SettlerOptions extends Omit<SettleOptions, "rest"> {
  /** Tells when a minute has been quiet for long enough, and when work lets others run. */
  readonly clock: Clock;
  /** A minute is settled when it has not changed for this long, in ms. @default 3 s */
  readonly quietMs?: number;
  /** … or after this long at the latest, in ms. @default a minute */
  readonly patienceMs?: number;
  /** Remembers across crashes what is not settled. @default none */
  readonly unsettled?: Unsettled;
  /** Whether it settles: where workers do, it notes nothing. @default true */
  readonly settles?: boolean;
}

/** How many channels are settled at once. Each has a minute and those beside it in memory. */
const CHANNELS_AT_ONCE = 8;
const QUIET_MS = 3_000;
const PATIENCE_MS = 60_000;
/** How often it looks for what processes left that ended. */
const LEFT_LOOK_MS = 60_000;
const RETRY_MIN_US = SECOND_US;
const RETRY_MAX_US = 60 * SECOND_US;

/** A minute or hour, or with `undefined` a whole channel, that has to be settled. */
interface Note {
  readonly channel: string;
  readonly minuteUs: Micros | undefined;
  /** Whether it is the coverage of the hour that begins there. */
  readonly isCoverage: boolean;
  readonly sinceUs: Micros;
  dueUs: Micros;
  failures: number;
}

/**
 * Settles an archive as it changes: minutes in which something was stored, synced, hidden or deleted,
 * and channels for which a redaction came. Cost follows what changed. What is noted is in memory only;
 * {@link SettlerOptions.unsettled} has the hours of it on disk, for {@link Settler.noteLeft}.
 */
export class Settler {
  readonly #options: SettlerOptions & SettleOptions;
  readonly #notes = new Map<string, Note>();
  readonly #known = new KnownBatches();
  readonly #breaks: WorkBreaks;
  readonly #settles: boolean;
  /** Ends the sleep, and when it ends by itself. */
  #sleeping: { readonly untilUs: Micros; readonly wake: () => void } | undefined;
  #totals = NOTHING_SETTLED;
  #isFailing = false;

  /** A settler that only notes work until {@link Settler.run}. */
  constructor(options: SettlerOptions) {
    this.#breaks = new WorkBreaks(options.clock);
    this.#settles = options.settles ?? true;
    this.#options = { ...options, rest: () => this.#breaks.rest() };
  }

  /** How many minutes and channels wait to be settled. */
  get pending(): number {
    return this.#notes.size;
  }

  /** The totals so far. */
  get totals(): SettleTotals {
    return this.#totals;
  }

  /**
   * Notes that the file of this name came, went or was hidden. A file that settling does not concern
   * is ignored. Can be passed as a callback.
   *
   * @param soleReceiver the only receiver of a batch, if the caller knows that it is in normal form
   */
  readonly onFileStored = (key: ArchiveKey, soleReceiver?: string): void => {
    if (!this.#settles) return;
    const parts = parseArchiveKey(key);
    if (parts === undefined) return;
    if (soleReceiver !== undefined) this.#known.note(key, soleReceiver);
    const { channel, kind } = parts;
    const minuteUs = kind === "redaction"
      ? undefined
      : kind === "coverage"
      ? parts.hourUs
      : parts.minuteUs;
    this.#note({ channel, minuteUs, isCoverage: kind === "coverage", failures: 0 });
  };

  /**
   * Notes what processes that were killed stored and did not settle. Call it at the start.
   * Where an hour cannot be listed, its whole channel is noted, to be tried again.
   */
  async noteLeft(abort: AbortOptions = {}): Promise<void> {
    const { store, unsettled, reporter } = this.#options;
    const places = this.#settles ? await unsettled?.left() ?? [] : [];
    for (const { channel, hour } of places) {
      const whole = { channel, minuteUs: undefined, isCoverage: false };
      const hourUs = parseHour(hour);
      try {
        if (hourUs === undefined) this.#note({ ...whole, failures: 0 });
        else {for await (const key of store.list(hourPrefix(channel, hourUs), abort)) {
            this.onFileStored(key);
          }}
      } catch (error) {
        this.#note({ ...whole, failures: 1 });
        if (!(error instanceof ChatloomError)) throw error;
        this.#fail(error, channel);
      }
    }
    if (places.length > 0) {
      const what = "An earlier run ended before it had settled its files, settling them now";
      reporter.report("info", what, { hours: places.length });
    }
  }

  /**
   * {@link Settler.noteLeft} every minute or so until `signal` aborts: the machine of another process may be gone
   * for good, and no process be started in its place.
   */
  async keepNotingLeft(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(LEFT_LOOK_MS, signal).catch(() => {}); // Aborted: the loop ends.
      if (signal.aborted) return;
      try {
        await this.noteLeft({ signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  #note(
    { channel, minuteUs, isCoverage, failures }: Omit<Note, "sinceUs" | "dueUs">,
  ): void {
    const { clock, quietMs = QUIET_MS, patienceMs = PATIENCE_MS } = this.#options;
    const nowUs = clock.elapsedUs();
    const name = `${channel}/${isCoverage ? "coverage" : ""}${minuteUs ?? ""}`;
    const sinceUs = this.#notes.get(name)?.sinceUs ?? nowUs;
    const dueUs = failures === 0
      ? Math.min(nowUs + quietMs * MILLISECOND_US, sinceUs + patienceMs * MILLISECOND_US)
      : nowUs + Math.min(RETRY_MIN_US * 2 ** (failures - 1), RETRY_MAX_US);
    this.#notes.set(name, { channel, minuteUs, isCoverage, sinceUs, dueUs, failures });
    if (this.#sleeping !== undefined && dueUs < this.#sleeping.untilUs) this.#sleeping.wake();
  }

  /** Settles noted work as it falls due, until `signal` aborts. The rest stays noted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, unsettled } = this.#options;
    let sweepUs = Infinity;
    while (!signal.aborted) {
      let nextUs = Infinity;
      for (const { dueUs } of this.#notes.values()) nextUs = Math.min(nextUs, dueUs);
      if (nextUs <= clock.elapsedUs()) {
        await this.#settleDue((note) => note.dueUs <= clock.elapsedUs(), { signal });
        continue;
      }
      // Of ten thousand channels each falls due by itself: no sweep through all of them for each.
      if (sweepUs <= clock.elapsedUs()) {
        await this.#sweep({ isLast: false });
        sweepUs = Infinity;
      }
      if (sweepUs === Infinity) sweepUs = unsettled?.sweepUs ?? Infinity;
      await this.#sleepUntil(Math.min(nextUs, sweepUs), signal);
    }
  }

  /** Removes the notes on disk for hours without work. */
  async #sweep(options: { readonly isLast: boolean }): Promise<void> {
    const { unsettled } = this.#options;
    if (unsettled === undefined || !this.#settles) return;
    const pending = new Set<string>();
    for (const { channel, minuteUs } of this.#notes.values()) {
      pending.add(minuteUs === undefined ? channel : `${channel}/${formatHour(minuteUs)}`);
    }
    await unsettled.sweep(
      ({ channel, hour }) => pending.has(channel) || pending.has(`${channel}/${hour}`),
      options,
    );
  }

  /**
   * Settles all noted work now, when no more files are being stored. Failed work stays noted.
   *
   * @returns the totals; {@link Settler.pending} counts what failed.
   */
  async settleNoted(abort: AbortOptions = {}): Promise<SettleTotals> {
    const before = this.#totals;
    await this.#settleDue(() => true, abort);
    await this.#sweep({ isLast: true });
    const { minutes, written, deleted } = this.#totals;
    return {
      minutes: minutes - before.minutes,
      written: written - before.written,
      deleted: deleted - before.deleted,
    };
  }

  async #settleDue(isDue: (note: Note) => boolean, abort: AbortOptions): Promise<void> {
    this.#breaks.begin(); // It has waited until now.
    const byChannel = new Map<string, Note[]>();
    for (const [name, note] of this.#notes) {
      if (!isDue(note)) continue;
      this.#notes.delete(name);
      byChannel.set(note.channel, [...byChannel.get(note.channel) ?? [], note]);
    }
    // Most of the time of settling a minute is waiting for the disk or the database.
    await forEachConcurrent(byChannel, CHANNELS_AT_ONCE, async ([channel, notes]) => {
      const settler = new ChannelSettler(channel, { ...this.#options, known: this.#known });
      // Events move to the later minute when they grow, so the later one is settled first.
      notes.sort((a, b) => (b.minuteUs ?? Infinity) - (a.minuteUs ?? Infinity));
      for (const note of notes) await this.#settleNote(note, settler, abort);
    });
  }

  async #settleNote(note: Note, settler: ChannelSettler, abort: AbortOptions): Promise<void> {
    const { channel, minuteUs, isCoverage } = note;
    try {
      abort.signal?.throwIfAborted();
      const done = minuteUs === undefined
        ? await this.#settleChannel(note, abort)
        : isCoverage
        ? await settler.settleCoverage(minuteUs, abort)
        : await settler.settle({ minuteUs, isAlone: false }, abort);
      this.#totals = addTotals(this.#totals, done);
      const { reporter } = this.#options;
      reporter.count("minutes_settled", {}, done.minutes);
      reporter.count("batches_merged", {}, done.written);
      reporter.count("batches_replaced", {}, done.deleted);
      this.#succeed();
    } catch (error) {
      const isStopped = abort.signal?.aborted && error === abort.signal.reason;
      this.#note({ ...note, failures: note.failures + (isStopped ? 0 : 1) });
      if (isStopped) return;
      if (!(error instanceof ChatloomError)) throw error;
      this.#fail(error, channel);
    }
  }

  async #settleChannel(note: Note, abort: AbortOptions): Promise<SettleTotals> {
    const { failed, ...totals } = await settleArchive({
      ...this.#options,
      ...abort,
      channels: [note.channel],
    });
    if (failed > 0) this.#note({ ...note, failures: note.failures + 1 });
    return totals;
  }

  #succeed(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#options.reporter.report("info", "The archive can be settled again");
  }

  #fail({ code, message }: ChatloomError, channel: string): void {
    const { reporter } = this.#options;
    reporter.count("settle_errors", { code });
    if (this.#isFailing) return;
    this.#isFailing = true;
    reporter.report("warning", "Cannot settle the archive for now: nothing is lost", {
      channel,
      code,
      error: message,
    });
  }

  /** Sleeps until `untilUs`, or until work is noted that falls due earlier. */
  async #sleepUntil(untilUs: Micros, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const controller = new AbortController();
    const wake = () => controller.abort();
    this.#sleeping = { untilUs, wake };
    const unlink = abortWith(controller, signal);
    const delayMs = (untilUs - clock.elapsedUs()) / MILLISECOND_US;
    await (untilUs === Infinity
      ? untilAborted(controller.signal)
      : clock.sleep(delayMs, controller.signal).catch(() => {})); // Woken: there is work.
    unlink();
    this.#sleeping = undefined;
  }
}
