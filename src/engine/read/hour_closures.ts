import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import {
  type Closure,
  earlierBy,
  laterBy,
  type MinuteFiles,
  readClosure,
} from "./minute_closure.ts";
import type { ChannelFiles } from "./files/channel_files.ts";
import type { SettledHours } from "../notes/settled_hours.ts";
import { extendSpan, HourSnapshot, SnapshotStaleError } from "./hour_snapshot.ts";

/** What an {@link HourClosures} reads. */
export interface HourSource {
  readonly store: BatchStore;
  readonly files: ChannelFiles;
  readonly abort: AbortOptions;
  /** Called between long steps of work: lets other tasks run. By default not called. */
  readonly rest?: (() => Promise<void>) | undefined;
}

/** Minutes in a row of one hour, read together. */
export interface ReadSpan {
  /** The first of them. */
  readonly minuteUs: Micros;
  /** The last of them; the same if there is one. */
  readonly lastUs: Micros;
  /** All that decides what stands in them. */
  readonly closure: Closure;
}

/** A minute needs the one before it, and the one before that where messages overlap. */
export const NEEDED_BACK_US: Micros = 2 * MINUTE_US;

// A file that is gone was settled, or hidden: the next snapshot has its messages.
const TRIES_MAX = 100;

/** Reads one hour, minute by minute, and starts over when the archive changes meanwhile. */
export class HourClosures {
  readonly #hourUs: Micros;
  readonly #source: HourSource;
  #span: { readonly fromUs: Micros; readonly toUs: Micros };
  #snapshot: HourSnapshot | undefined;

  /** Reads the hour that starts at `hourUs`. */
  constructor(hourUs: Micros, source: HourSource) {
    this.#hourUs = hourUs;
    this.#source = source;
    // Nothing reaches further than to the next minutes but one, unless chains do.
    this.#span = {
      fromUs: earlierBy(hourUs, 3 * MINUTE_US),
      toUs: laterBy(hourUs + HOUR_US - 1, 3 * MINUTE_US),
    };
  }

  /**
   * The files of the hour, if `settled` has it noted as settled by just these and no redaction
   * applies; else `undefined`.
   *
   * @throws {ChatloomError} when the store fails, or changes faster than it can be listed.
   */
  async settledBy(settled: SettledHours): Promise<HourSnapshot | undefined> {
    const snapshot = this.#snapshot ??= await HourSnapshot.take(this.#span, this.#source);
    // A redaction that could not be read when the hour was settled may be whole by now.
    if (snapshot.redactions.length > 0) return undefined;
    const around = [this.#hourUs - HOUR_US, this.#hourUs, this.#hourUs + HOUR_US]
      .flatMap((hourUs) => snapshot.keysOf(hourUs));
    return await settled.has(this.#hourUs, around) ? snapshot : undefined;
  }

  /**
   * The first minute of the hour from `fromUs` on that could hold a message, with those behind it up to
   * `countMax` minutes in all, by default 1; `undefined` if none can.
   *
   * @throws {ChatloomError} when the store fails, or changes faster than it can be read.
   */
  async next(
    fromUs: Micros,
    { countMax = 1 }: { readonly countMax?: number } = {},
  ): Promise<ReadSpan | undefined> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      this.#snapshot ??= await HourSnapshot.take(this.#span, this.#source);
      const minuteUs = this.#firstMinute(this.#snapshot, fromUs);
      if (minuteUs === undefined) return undefined;
      try {
        return await this.#readClosure(minuteUs, countMax);
      } catch (error) {
        if (!(error instanceof SnapshotStaleError)) throw error;
        this.#snapshot = undefined;
      }
    }
    const { channel } = this.#source.files;
    throw new ChatloomError("STORE_IO", `Cannot read "${channel}": its files keep vanishing`);
  }

  async #readClosure(minuteUs: Micros, count: number): Promise<ReadSpan> {
    const endUs = Math.min(minuteUs + count * MINUTE_US, this.#hourUs + HOUR_US);
    const span = { fromUs: minuteUs, toUs: endUs - MINUTE_US };
    const closure = await readClosure(span, (...at) => this.#load(...at), this.#source.rest);
    // Chains that are too long are cut by the minute that they are read for.
    if (!closure.isComplete && count > 1) return await this.#readClosure(minuteUs, 1);
    return { minuteUs, lastUs: span.toUs, closure };
  }

  #firstMinute(snapshot: HourSnapshot, fromUs: Micros): Micros | undefined {
    for (const minuteUs of snapshot.minutes()) {
      for (const each of [minuteUs - MINUTE_US, minuteUs, minuteUs + MINUTE_US]) {
        if (each >= fromUs && each >= 0 && hourOf(each) === this.#hourUs) return each;
      }
    }
    return undefined;
  }

  async #load(minuteUs: Micros, isInside: boolean): Promise<MinuteFiles> {
    if (this.#snapshot === undefined || !this.#snapshot.holds(minuteUs)) {
      // All hours have to be of one moment, or what moved between two would be missed.
      this.#span = extendSpan(this.#span, minuteUs);
      throw new SnapshotStaleError(`${this.#source.files.channel}/chat`);
    }
    return await this.#snapshot.load(minuteUs, isInside);
  }
}
