import { SightingSet } from "./sighting_set.ts";
import type { Micros } from "../time.ts";

/**
 * Merges batches of one channel: the normal form of all that they hold, as one canonical
 * batch. It may hold messages of several minutes. Their order, and how often each is given, do not
 * matter; merging the result with any of them changes nothing.
 *
 * @example
 * ```ts
 * import { encodeBatch, mergeBatches } from "@chatloom/chatloom";
 *
 * const message = { command: "JOIN", params: ["#forsen"], sender: "nymn", user: "nymn", host: "h", tags:
 * null }; const alpha = encodeBatch([{ ...message, receivers: { "alpha.AbCdE.0": 101.5 }, time: 50,
 * time_range: 55 }]); const beta = encodeBatch([{ ...message, receivers: { "beta.xYz12.0": 102.5 }, time:
 * 51, time_range: 55 }]); console.log(new TextDecoder().decode(mergeBatches([alpha, beta])));
 * ```
 * @throws {BatchSyntaxError} when one of them is unreadable.
 */
export function mergeBatches(batches: readonly Uint8Array[]): Uint8Array {
  const set = new SightingSet();
  // The set is gone before the caller can change anything.
  for (const bytes of batches) set.add(bytes, { isOwned: true });
  return set.encode();
}

/** The merge of one minute of a channel. */
export interface MergedMinute {
  /** When the minute starts. */
  readonly minuteUs: Micros;
  /** Its canonical batch: the bytes of the file that a settled archive has. */
  readonly bytes: Uint8Array;
}

/**
 * Merges batches of one channel as {@link mergeBatches} does, and gives one canonical batch for each
 * minute that has messages, in order of time: a file of an archive holds one minute.
 *
 * @example
 * ```ts
 * import { encodeBatch, mergeMinutes } from "@chatloom/chatloom";
 *
 * const join = { command: "JOIN", params: ["#forsen"], sender: "nymn", user: "nymn", host: "h", tags: null };
 * const alpha = encodeBatch([{ ...join, receivers: { "alpha.AbCdE.0": 51.5 }, time: 50, time_range: 1 }]);
 * const beta = encodeBatch([{ ...join, receivers: { "beta.xYz12.0": 91.5 }, time: 90, time_range: 1 }]);
 * for (const { minuteUs, bytes } of mergeMinutes([alpha, beta])) console.log(minuteUs, bytes.length);
 * ```
 * @throws {BatchSyntaxError} when one of them is unreadable.
 */
export function mergeMinutes(batches: readonly Uint8Array[]): MergedMinute[] {
  const set = new SightingSet();
  for (const bytes of batches) set.add(bytes, { isOwned: true });
  return [...set.encodeMinutes()].map(([minuteUs, bytes]) => ({ minuteUs, bytes }));
}
