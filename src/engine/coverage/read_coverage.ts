import { parseHour } from "../../core/archive/archive_key.ts";
import { type Coverage, mergeCoverage } from "../../core/coverage/coverage.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { channelHours } from "../read/channel_hours.ts";
import { faultsOf } from "../read/files/fault_reporter.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
import { loadCoverage } from "./load_coverage.ts";
import { coverageKeys } from "./settle_coverage.ts";

/** What {@link readCoverage} works with. */
export interface ReadCoverageOptions extends AbortOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Checks that bytes match the hash in their name. */
  readonly hasher: Hasher;
  /** Gets a report of files that cannot be used. */
  readonly reporter: Reporter;
}

/**
 * Which receivers listened to `channel` in the hour of `hourUs`, from all files that can be used. The
 * others are reported once and counted as `files_left_out`.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function readHourCoverage(
  channel: string,
  hourUs: Micros,
  options: ReadCoverageOptions,
): Promise<Coverage> {
  const all: Coverage[] = [];
  const faults = faultsOf(options.reporter);
  const store = tolerantStore(options.store, (entry) => faults.tellFolder(entry));
  for (const key of await coverageKeys(channel, hourUs, { ...options, store })) {
    const loaded = await loadCoverage(key, options);
    if (loaded?.ok) all.push(loaded.coverage);
    else if (loaded !== undefined) faults.tell(key, { why: loaded.fault, reason: loaded.reason });
  }
  return mergeCoverage(all);
}

/**
 * The first and last hour with files of `channel`; `undefined` if there are none.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function spanOf(
  channel: string,
  { store, signal }: AbortOptions & { readonly store: BatchStore },
): Promise<{ readonly fromUs: Micros; readonly toUs: Micros } | undefined> {
  let [fromUs, toUs] = [Infinity, -Infinity];
  const options = signal === undefined ? { store } : { store, signal };
  for (const hour of await channelHours(channel, options)) {
    const hourUs = parseHour(hour)!;
    fromUs = Math.min(fromUs, hourUs);
    toUs = Math.max(toUs, hourUs + HOUR_US);
  }
  return fromUs < toUs ? { fromUs, toUs } : undefined;
}
