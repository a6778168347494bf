import { type ArchiveKey, parseArchiveKey, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import { channelHours, keysOfHour } from "../read/channel_hours.ts";
import { faultsOf } from "../read/files/fault_reporter.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
import { SnapshotStaleError } from "../read/hour_snapshot.ts";
import { SettledHours } from "../notes/settled_hours.ts";
import {
  addTotals,
  ChannelSettler,
  NOTHING_SETTLED,
  type SettleOptions,
  type SettleTotals,
  type SpanOutcome,
} from "./settle_channel.ts";

/** What {@link settleArchive} works on. */
export interface SettleArchiveOptions extends SettleOptions, AbortOptions {
  /** Only these channels. @default all */
  readonly channels?: readonly string[] | undefined;
  /** Only hours that hold this or come later. */
  readonly fromUs?: Micros | undefined;
  /**
   * Where is noted what is settled: hours whose files are still the same are not read. Without it, or with
   * `fromUs`, all are.
   */
  readonly notes?: SettledNotes | undefined;
  /** Called after each minute with the progress. */
  readonly onProgress?: (
    totals: SettleTotals,
    place: { channel: string; minuteUs: Micros },
  ) => void;
}

/** The result of settling an archive. */
export interface SettledArchive extends SettleTotals {
  /** Minutes for which the store failed. They were reported. */
  readonly failed: number;
}

/**
 * Settles all minutes of an archive, channel by channel, hour by hour, several minutes at a time. Memory
 * does not grow with the archive. A minute that cannot be settled because the store fails is reported,
 * and the others go on; so do those beside files and folders that cannot be read, each of which is
 * reported once.
 *
 * @throws {ChatloomError} when the archive cannot be listed.
 */
export async function settleArchive(options: SettleArchiveOptions): Promise<SettledArchive> {
  const { signal } = options;
  const faults = faultsOf(options.reporter);
  const store = tolerantStore(options.store, (entry) => faults.tellFolder(entry));
  const run = new SettleRun(options);
  for await (const channel of channelsOf({ ...options, store })) {
    await run.settleChannel(channel, hoursOf(channel, { ...options, store }));
    signal?.throwIfAborted();
  }
  return run.totals;
}

async function* channelsOf(options: SettleArchiveOptions): AsyncIterable<string> {
  if (options.channels !== undefined) yield* options.channels;
  else yield* options.store.folders("", { signal: options.signal });
}

/** The files of an hour of a channel, as they were listed before it was settled. */
interface ListedHour {
  readonly hourUs: Micros;
  /** Its batches and tombstones, ascending. */
  readonly keys: readonly ArchiveKey[];
  /** The batches of each minute that has some, in order. */
  readonly minutes: ReadonlyMap<Micros, readonly ArchiveKey[]>;
  /** Whether it has more than one file of coverage. */
  readonly hasCoverage: boolean;
}

/** The hours of a channel, in order, as they are when their turn comes. */
async function* hoursOf(
  channel: string,
  { store, fromUs = 0, signal }: Pick<SettleArchiveOptions, "store" | "fromUs" | "signal">,
): AsyncIterable<ListedHour> {
  for (const hour of await channelHours(channel, { store, signal })) {
    const hourUs = parseHour(hour)!;
    if (hourUs + HOUR_US <= fromUs) continue;
    const keys: ArchiveKey[] = [];
    const minutes = new Map<Micros, ArchiveKey[]>();
    let coverageCount = 0;
    for (const key of await keysOfHour(channel, hourUs, { store, signal })) {
      const parts = parseArchiveKey(key);
      if (parts?.kind === "coverage") coverageCount++;
      else keys.push(key);
      if (parts?.kind !== "batch") continue;
      const known = minutes.get(parts.minuteUs);
      if (known === undefined) minutes.set(parts.minuteUs, [key]);
      else known.push(key);
    }
    yield { hourUs, keys, minutes, hasCoverage: coverageCount > 1 };
  }
}

/** An hour that was settled, or found to be. */
interface SettledHour {
  readonly hourUs: Micros;
  /** Whether settling it found just the files that were listed, so that nothing had come meanwhile. */
  readonly isAsListed: boolean;
  /** Its batches now; `undefined` if it is not settled. */
  readonly keys: readonly ArchiveKey[] | undefined;
}

/** Settles hour by hour and adds up the totals. */
class SettleRun {
  readonly #options: SettleArchiveOptions;
  #totals = NOTHING_SETTLED;
  #failed = 0;

  constructor(options: SettleArchiveOptions) {
    this.#options = options;
  }

  get #abort(): AbortOptions {
    return { signal: this.#options.signal };
  }

  get totals(): SettledArchive {
    return { ...this.#totals, failed: this.#failed };
  }

  /** Settles the hours of a channel one by one, each when it is known what the next one holds. */
  async settleChannel(channel: string, hours: AsyncIterable<ListedHour>): Promise<void> {
    const { notes, hasher, reporter, fromUs = 0 } = this.#options;
    const settler = new ChannelSettler(channel, this.#options);
    const settled = fromUs === 0 && notes &&
      await SettledHours.open(
        channel,
        await settler.redactions(this.#abort),
        { notes, hasher, reporter, ...this.#abort },
      );
    const place = { channel, settler, settled: settled || undefined };
    const done: SettledHour[] = [];
    const seen = new Set<Micros>();
    let current: ListedHour | undefined;
    try {
      for await (const next of hours) {
        seen.add(next.hourUs);
        if (current !== undefined) await this.#settleNext(current, next, done, place);
        current = next;
      }
      if (current !== undefined) await this.#settleNext(current, undefined, done, place);
      await noteSettled(done, undefined, place.settled);
      await place.settled?.save(seen);
    } catch (error) {
      await place.settled?.save(); // What was done need not be done again.
      throw error;
    }
  }

  /** Settles an hour, and notes the one before it, which is then known to stay as it is. */
  async #settleNext(
    hour: ListedHour,
    next: ListedHour | undefined,
    done: SettledHour[],
    { channel, settler, settled }: SettlePlace,
  ): Promise<void> {
    const { hourUs, keys, minutes } = hour;
    const before = done.at(-1);
    // Without the files of an hour beside it, which is not settled, a note of it says nothing.
    const isEdgeKnown = before?.hourUs !== hourUs - HOUR_US || before.keys !== undefined;
    const isNoted = isEdgeKnown && await settled?.has(hourUs, [
      ...besides(before, hourUs - HOUR_US),
      ...keys,
      ...besides(next, hourUs + HOUR_US),
    ]);
    if (isNoted) {
      this.#totals = addTotals(this.#totals, { ...NOTHING_SETTLED, minutes: minutes.size });
      this.#options.onProgress?.(this.#totals, { channel, minuteUs: hourUs });
    }
    const now = isNoted
      ? { hourUs, isAsListed: true, keys }
      : await this.#settleMinutes(hour, channel, settler);
    if (hour.hasCoverage) await this.#settleCoverage(hourUs, channel, settler);
    await noteSettled(done, now, settled);
    done.push(now);
    if (done.length > 2) done.shift();
  }

  async #settleMinutes(
    { hourUs, keys, minutes }: ListedHour,
    channel: string,
    settler: ChannelSettler,
  ): Promise<SettledHour> {
    const found: ArchiveKey[] = [];
    const left: ArchiveKey[] = [];
    let isSettled = true;
    for (const { minutes: some, settled, error } of await this.#tryAll(minutes, channel, settler)) {
      const { before = [], after, due = [] } = settled ?? {};
      found.push(...before);
      left.push(...after ?? []);
      isSettled &&= after !== undefined && due.length === 0;
      if (settled === undefined) await this.#settleEach(some, error, channel, settler);
      for (const each of due) {
        const place = { channel, minuteUs: each.minuteUs };
        await this.#settleOne(place, () => settler.settle(each, this.#abort));
      }
    }
    this.#options.signal?.throwIfAborted();
    return {
      hourUs,
      isAsListed: found.length === keys.length && found.every((key, i) => key === keys[i]),
      keys: isSettled ? left : undefined,
    };
  }

  /** Settles minutes at once where that can be done. */
  async #tryAll(
    minutes: ListedHour["minutes"],
    channel: string,
    settler: ChannelSettler,
  ): Promise<readonly SpanOutcome[]> {
    if (minutes.size === 0) return [];
    const onSettled = ({ minutes, settled }: SpanOutcome) => {
      this.#totals = addTotals(this.#totals, { ...settled!, minutes: minutes.length });
      this.#options.onProgress?.(this.#totals, { channel, minuteUs: minutes.at(-1)! });
    };
    try {
      return await settler.settleSpans(minutes, { ...this.#abort, onSettled });
    } catch (error) {
      return [{ minutes: [...minutes.keys()], settled: undefined, error }];
    }
  }

  /** Settles minutes one by one, as one of them failed or changed meanwhile: the others go on. */
  async #settleEach(
    minutes: readonly Micros[],
    error: unknown,
    channel: string,
    settler: ChannelSettler,
  ): Promise<void> {
    if (!(error instanceof ChatloomError || error instanceof SnapshotStaleError)) throw error;
    for (const minuteUs of minutes) {
      await this.#settleOne(
        { channel, minuteUs },
        () => settler.settle({ minuteUs, isAlone: true }, this.#abort),
      );
      this.#options.onProgress?.(this.#totals, { channel, minuteUs });
    }
  }

  async #settleCoverage(
    hourUs: Micros,
    channel: string,
    settler: ChannelSettler,
  ): Promise<void> {
    await this.#settleOne(
      { channel, minuteUs: hourUs },
      () => settler.settleCoverage(hourUs, this.#abort),
    );
    this.#options.onProgress?.(this.#totals, { channel, minuteUs: hourUs });
  }

  /** Settles a minute, or the coverage of an hour; reports a failure of the store. */
  async #settleOne(
    { channel, minuteUs }: { readonly channel: string; readonly minuteUs: Micros },
    settle: () => Promise<SettleTotals>,
  ): Promise<void> {
    try {
      this.#totals = addTotals(this.#totals, await settle());
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      this.#failed++;
      this.#options.reporter.report("error", "Cannot settle a minute", {
        channel,
        minute: new Date(minuteUs / 1000).toISOString(),
        code: error.code,
        error: error.message,
      });
    }
  }
}

interface SettlePlace {
  readonly channel: string;
  readonly settler: ChannelSettler;
  readonly settled: SettledHours | undefined;
}

/** The files of `hour`, if it is the one that starts at `hourUs`. */
function besides(
  hour: { readonly hourUs: Micros; readonly keys: readonly ArchiveKey[] | undefined } | undefined,
  hourUs: Micros,
): readonly ArchiveKey[] {
  return hour?.hourUs === hourUs ? hour.keys ?? [] : [];
}

/**
 * Notes the last hour of `done`, once the one after it is settled. It was settled by what was listed of
 * that one: if more had come by the time that one was settled, it may have to be settled again.
 */
async function noteSettled(
  done: readonly SettledHour[],
  after: SettledHour | undefined,
  settled: SettledHours | undefined,
): Promise<void> {
  const last = done.at(-1);
  if (last?.keys === undefined) return;
  const { hourUs, keys } = last;
  const [before, next] = [done.at(-2), after];
  const isBeside = next?.hourUs === hourUs + HOUR_US;
  if (isBeside && !(next.isAsListed && next.keys !== undefined)) return;
  if (before?.hourUs === hourUs - HOUR_US && before.keys === undefined) return;
  await settled?.note(hourUs, [
    ...besides(before, hourUs - HOUR_US),
    ...keys,
    ...besides(next, hourUs + HOUR_US),
  ]);
}
