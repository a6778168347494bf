import { Lru } from "../lru.ts";
import { sha256 } from "../redaction/sha256.ts";

/** Into how many ranges the channels of an archive are split, where the configuration does not say. */
export const DEFAULT_RANGE_COUNT = 16;

/** The most ranges that an archive can be split into. */
const RANGE_COUNT_MAX = 256;

const encoder = new TextEncoder();

/**
 * The range of a channel, from 0 to `rangeCount` - 1: the first byte of the SHA-256 of its name, modulo
 * `rangeCount`. All files of a channel are in one range, so a minute, its neighbours, and what deletes
 * them meet at one worker.
 *
 * @throws {RangeError} when `rangeCount` is no whole number from 1 to 256.
 */
export function rangeOfChannel(channel: string, rangeCount: number = DEFAULT_RANGE_COUNT): number {
  if (!(Number.isInteger(rangeCount) && rangeCount >= 1 && rangeCount <= RANGE_COUNT_MAX)) {
    throw new RangeError(`Cannot split channels into ${rangeCount} ranges`);
  }
  return parseInt(sha256(encoder.encode(channel)).slice(0, 2), 16) % rangeCount;
}

/** A hash takes as long as all else that is done for a message: names of channels come again each minute. */
const REMEMBERED_MAX = 16_384;

/** {@link rangeOfChannel}, remembered for channels that come again. */
export class ChannelRanges {
  readonly #rangeCount: number;
  readonly #known = new Lru<string, number>({ countMax: REMEMBERED_MAX });

  /** The ranges of an archive that is split into `rangeCount`. */
  constructor(rangeCount: number = DEFAULT_RANGE_COUNT) {
    this.#rangeCount = rangeCount;
  }

  /** The range of a channel. */
  of(channel: string): number {
    let range = this.#known.get(channel);
    if (range === undefined) {
      range = rangeOfChannel(channel, this.#rangeCount);
      this.#known.set(channel, range);
    }
    return range;
  }
}
