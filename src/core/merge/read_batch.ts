import { type AddOptions, SightingSet } from "./sighting_set.ts";

/**
 * The sightings of one batch.
 *
 * @throws {BatchSyntaxError} when it is unreadable, with `options.key` if that is given.
 */
export function readBatch(
  bytes: Uint8Array,
  options?: AddOptions,
): SightingSet {
  const set = new SightingSet();
  set.add(bytes, options);
  return set;
}
