import { type ArchiveKey, minutePrefix } from "../../core/archive/archive_key.ts";
import { Lru } from "../../core/lru.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import { MinuteListings, type MinuteSource } from "../read/minute_loader.ts";

const KNOWN_MAX = 4_096;

/**
 * Batches that are known, without reading them, to be in normal form and from one
 * receiver: those that this process has recorded lately.
 */
export class KnownBatches {
  readonly #receivers = new Lru<ArchiveKey, string>({ countMax: KNOWN_MAX });

  /** Notes a stored batch. The oldest are forgotten. */
  note(key: ArchiveKey, soleReceiver: string): void {
    this.#receivers.set(key, soleReceiver);
  }

  /**
   * Whether a minute certainly needs no settling: it and those beside it have a file each at
   * most, all heard by the same receiver. No two sightings of one receiver are one event, so no file
   * affects another. Call it only where no redaction applies.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async areSettled(minuteUs: Micros, source: MinuteSource): Promise<boolean> {
    const prefix = minutePrefix(source.files.channel, minuteUs);
    // Listing the store only pays where it may help.
    if (![...this.#receivers.entries()].some(([key]) => key.startsWith(prefix))) return false;
    const listings = new MinuteListings(source);
    const receivers = new Set<string | undefined>();
    for (const at of [minuteUs, minuteUs - MINUTE_US, minuteUs + MINUTE_US]) {
      if (at < 0) continue;
      const { batches, hidden } = await listings.of(at);
      if (batches.length > 1 || hidden.size > 0) return false;
      for (const key of batches) receivers.add(this.#receivers.get(key));
      if (receivers.size > 1 || receivers.has(undefined)) return false;
    }
    return true;
  }
}
