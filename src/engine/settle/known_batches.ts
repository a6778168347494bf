import { type ArchiveKey, minutePrefix } from "../../core/archive/archive_key.ts";
import { Lru } from "../../core/lru.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import { MinuteListings, type MinuteSource } from "../read/minute_loader.ts";

const KNOWN_MAX = 4_096;

/**
 * Batches of which it is known, without reading them, that they are in normal form and that one
 * receiver alone heard them: those that this process has recorded lately.
 */
export class KnownBatches {
  readonly #receivers = new Lru<ArchiveKey, string>({ countMax: KNOWN_MAX });

  /** Notes a batch that is stored. The oldest are forgotten. */
  note(key: ArchiveKey, soleReceiver: string): void {
    this.#receivers.set(key, soleReceiver);
  }

  /**
   * Whether there is surely nothing to settle in a minute: it and those beside it have a file each at
   * most, all heard by the same receiver. No two sightings of one receiver are one event, so no file
   * has anything to do with another. To be asked only where nothing was redacted.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async areSettled(minuteUs: Micros, source: MinuteSource): Promise<boolean> {
    const prefix = minutePrefix(source.files.channel, minuteUs);
    // To look into the store only pays where it may help.
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
