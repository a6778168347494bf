import { type ArchiveKey, minutePrefix, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { Lru } from "../../core/lru.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import { MinuteListings, type MinuteSource } from "../read/minute_loader.ts";

// Of ten thousand channels a minute each closes at the same time.
const KNOWN_MAX = 16_384;

/**
 * Batches that are known, without reading them, to be in normal form and from one
 * receiver: those that this process has recorded lately.
 */
export class KnownBatches {
  readonly #receivers = new Lru<ArchiveKey, string>({ countMax: KNOWN_MAX });
  /** How the keys of these batches begin, of each minute. */
  readonly #minutes = new Lru<string, true>({ countMax: KNOWN_MAX });

  /** Notes a stored batch. The oldest are forgotten. */
  note(key: ArchiveKey, soleReceiver: string): void {
    this.#receivers.set(key, soleReceiver);
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch") return;
    this.#minutes.set(minutePrefix(parts.channel, parts.minuteUs), true);
  }

  /** Whether a batch of that minute was noted: only then is it worth asking more. */
  mayHold(channel: string, minuteUs: Micros): boolean {
    return this.#minutes.has(minutePrefix(channel, minuteUs));
  }

  /**
   * Whether a minute certainly needs no settling: it and those beside it have a file each at
   * most, all heard by the same receiver. No two sightings of one receiver are one event, so no file
   * affects another. Call it only where no redaction applies.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async areSettled(minuteUs: Micros, source: MinuteSource): Promise<boolean> {
    // Listing the store only pays where it may help.
    if (!this.mayHold(source.files.channel, minuteUs)) return false;
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
