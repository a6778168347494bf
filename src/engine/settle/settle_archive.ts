import { parseArchiveKey, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import { channelHours, keysOfHour } from "../read/channel_hours.ts";
import { faultsOf } from "../read/files/faults_told.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
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
  readonly channels?: readonly string[];
  /** Only hours that hold this or come later. */
  readonly fromUs?: Micros;
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
 * Settles all minutes of an archive, channel by channel, hour by hour. Memory does not grow with the
 * archive. A minute that cannot be settled because the store fails is reported, and the others go on;
 * so do those beside files and folders that cannot be read, each of which is told of once.
 *
 * @throws {ChatloomError} when the archive cannot be listed.
 */
export async function settleArchive(options: SettleArchiveOptions): Promise<SettledArchive> {
  let totals = NOTHING_SETTLED;
  let failed = 0;
  const faults = faultsOf(options.reporter);
  const store = tolerantStore(options.store, (entry) => faults.tellFolder(entry));
  for await (const channel of channelsOf({ ...options, store })) {
    const settler = new ChannelSettler(channel, options);
    for await (const { minuteUs, isCoverage } of minutesOf(channel, { ...options, store })) {
      try {
        const done = isCoverage
          ? await settler.settleCoverage(minuteUs, abortOf(options))
          : await settler.settle({ minuteUs, isAlone: true }, abortOf(options));
        totals = addTotals(totals, done);
      } catch (error) {
        if (!(error instanceof ChatloomError)) throw error;
        failed++;
        options.reporter.report("error", "Cannot settle a minute", {
          channel,
          minute: new Date(minuteUs / 1000).toISOString(),
          code: error.code,
          error: error.message,
        });
      }
      options.onProgress?.(totals, { channel, minuteUs });
    }
  }
  return { ...totals, failed };
}

function abortOf({ signal }: AbortOptions): AbortOptions {
  return signal === undefined ? {} : { signal };
}

async function* channelsOf(options: SettleArchiveOptions): AsyncIterable<string> {
  if (options.channels !== undefined) yield* options.channels;
  else yield* options.store.folders("", abortOf(options));
}

interface Unsettled {
  readonly minuteUs: Micros;
  /** Rather the coverage of the hour that begins there. */
  readonly isCoverage: boolean;
}

/**
 * The minutes of a channel that have batches, in order, and hours that have more than one file of
 * coverage, hour by hour as they stand when they come up.
 */
async function* minutesOf(
  channel: string,
  { store, fromUs = 0, signal }: {
    readonly store: BatchStore;
    readonly fromUs?: Micros;
    readonly signal?: AbortSignal | undefined;
  },
): AsyncIterable<Unsettled> {
  const abort = signal === undefined ? {} : { signal };
  for (const hour of await channelHours(channel, { store, ...abort })) {
    const hourUs = parseHour(hour)!;
    if (hourUs + HOUR_US <= fromUs) continue;
    const minutes = new Set<Micros>();
    let coverageCount = 0;
    for (const key of await keysOfHour(channel, hourUs, { store, ...abort })) {
      const parts = parseArchiveKey(key);
      if (parts?.kind === "batch") minutes.add(parts.minuteUs);
      if (parts?.kind === "coverage") coverageCount++;
    }
    for (const minuteUs of minutes) yield { minuteUs, isCoverage: false };
    if (coverageCount > 1) yield { minuteUs: hourUs, isCoverage: true };
  }
}
