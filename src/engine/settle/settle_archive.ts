import { type ArchiveKey, parseArchiveKey, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import { channelHours, keysOfHour } from "../read/channel_hours.ts";
import { faultsOf } from "../read/files/faults_told.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
import { SnapshotGone } from "../read/hour_snapshot.ts";
import {
  addTotals,
  ChannelSettler,
  NOTHING_SETTLED,
  type SettleOptions,
  type SettleTotals,
} from "./settle_channel.ts";

/** What {@link settleArchive} works on. */
export interface SettleArchiveOptions extends SettleOptions, AbortOptions {
  /** Only these channels. By default all. */
  readonly channels?: readonly string[] | undefined;
  /** Only hours that hold this or come later. */
  readonly fromUs?: Micros | undefined;
  /** Told after each minute how far it is. */
  readonly onProgress?: (
    totals: SettleTotals,
    place: { channel: string; minuteUs: Micros },
  ) => void;
}

/** What came of settling an archive. */
export interface SettledArchive extends SettleTotals {
  /** Minutes that the store did not let us settle. They were reported. */
  readonly failed: number;
}

/**
 * Settles all minutes of an archive, channel by channel, hour by hour, several minutes at a time. Memory does not grow with the
 * archive. A minute that cannot be settled because the store fails is reported, and the others go on;
 * so do those beside files and folders that cannot be read, each of which is told of once.
 *
 * @throws {ChatloomError} when the archive cannot be listed.
 */
export async function settleArchive(options: SettleArchiveOptions): Promise<SettledArchive> {
  const { signal } = options;
  const faults = faultsOf(options.reporter);
  const store = tolerantStore(options.store, (entry) => faults.tellFolder(entry));
  const run = new SettleRun(options);
  for await (const channel of channelsOf({ ...options, store })) {
    const settler = new ChannelSettler(channel, options);
    for await (const hour of hoursOf(channel, { ...options, store })) {
      await run.settleHour(hour, settler);
    }
    signal?.throwIfAborted();
  }
  return run.totals;
}

async function* channelsOf(options: SettleArchiveOptions): AsyncIterable<string> {
  if (options.channels !== undefined) yield* options.channels;
  else yield* options.store.folders("", { signal: options.signal });
}

/** What one hour of a channel has to settle. */
interface HourToSettle {
  readonly channel: string;
  readonly hourUs: Micros;
  /** The batches of each minute that has some, in order. */
  readonly minutes: ReadonlyMap<Micros, readonly ArchiveKey[]>;
  /** It has more than one file of coverage. */
  readonly hasCoverage: boolean;
}

/** The hours of a channel, in order, as they stand when they come up. */
async function* hoursOf(
  channel: string,
  { store, fromUs = 0, signal }: Pick<SettleArchiveOptions, "store" | "fromUs" | "signal">,
): AsyncIterable<HourToSettle> {
  for (const hour of await channelHours(channel, { store, signal })) {
    const hourUs = parseHour(hour)!;
    if (hourUs + HOUR_US <= fromUs) continue;
    const minutes = new Map<Micros, ArchiveKey[]>();
    let coverageCount = 0;
    for (const key of await keysOfHour(channel, hourUs, { store, signal })) {
      const parts = parseArchiveKey(key);
      if (parts?.kind === "coverage") coverageCount++;
      if (parts?.kind !== "batch") continue;
      const known = minutes.get(parts.minuteUs);
      if (known === undefined) minutes.set(parts.minuteUs, [key]);
      else known.push(key);
    }
    yield { channel, hourUs, minutes, hasCoverage: coverageCount > 1 };
  }
}

// The files of the minutes that are settled at once are in memory.
const AT_ONCE_MAX = 15;
const AT_ONCE_MAX_BYTES = 8 * 1024 * 1024;

/** Settles hour by hour and adds up what was done. */
class SettleRun {
  readonly #options: SettleArchiveOptions;
  #totals = NOTHING_SETTLED;
  #failed = 0;
  /** How many minutes are settled at once. */
  #width = AT_ONCE_MAX;

  constructor(options: SettleArchiveOptions) {
    this.#options = options;
  }

  get #abort(): AbortOptions {
    return { signal: this.#options.signal };
  }

  get totals(): SettledArchive {
    return { ...this.#totals, failed: this.#failed };
  }

  async settleHour(hour: HourToSettle, settler: ChannelSettler): Promise<void> {
    const { channel, hourUs } = hour;
    const minutes = [...hour.minutes];
    for (let at = 0; at < minutes.length;) {
      const some = minutes.slice(at, at + this.#width);
      at += some.length;
      const next = minutes.slice(at, at + this.#width);
      settler.readAhead([...some, ...next].flatMap(([, keys]) => keys), this.#abort);
      await this.#settleSome(some.map(([minuteUs]) => minuteUs), channel, settler);
      this.#options.onProgress?.(this.#totals, { channel, minuteUs: some.at(-1)![0] });
    }
    if (!hour.hasCoverage) return;
    await this.#settleOne(
      { channel, minuteUs: hourUs },
      () => settler.settleCoverage(hourUs, this.#abort),
    );
    this.#options.onProgress?.(this.#totals, { channel, minuteUs: hourUs });
  }

  async #settleSome(
    minutes: readonly Micros[],
    channel: string,
    settler: ChannelSettler,
  ): Promise<void> {
    try {
      const { byteCount, ...done } = await settler.settleSpan(minutes, this.#abort);
      const fitting = Math.floor(AT_ONCE_MAX_BYTES * minutes.length / Math.max(1, byteCount));
      this.#width = Math.min(AT_ONCE_MAX, Math.max(1, fitting));
      this.#totals = addTotals(this.#totals, done);
    } catch (error) {
      // One of them fails, or changes meanwhile: each by itself, so that the others go on.
      if (!(error instanceof ChatloomError || error instanceof SnapshotGone)) throw error;
      for (const minuteUs of minutes) {
        await this.#settleOne(
          { channel, minuteUs },
          () => settler.settle({ minuteUs, isAlone: true }, this.#abort),
        );
      }
    }
  }

  /** Settles a minute, or the coverage of an hour; reports it if the store does not allow it. */
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
