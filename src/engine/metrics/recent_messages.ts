import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { GaugeReading } from "../../ports/metrics.ts";
import { type ReceiverCounts, RECEIVERS_MAX } from "./receiver_counts.ts";

/** The last hour of one channel. */
interface Recent {
  latestUs: Micros;
  readonly batches: Map<ArchiveKey, { readonly minuteUs: Micros; readonly counts: ReceiverCounts }>;
}

/**
 * How many receivers had the messages of the last hour of each channel, as far as this process
 * stored them. Batches that settling replaces are not counted twice. The hour is the channel's own: it ends
 * with the latest minute that was stored.
 */
export class RecentMessages {
  readonly #channels = new Map<string, Recent>();

  /** Notes that a batch of `channel` was stored. */
  note(key: ArchiveKey, { channel, minuteUs, counts }: {
    readonly channel: string;
    readonly minuteUs: Micros;
    readonly counts: ReceiverCounts;
  }): void {
    let recent = this.#channels.get(channel);
    if (recent === undefined) {
      recent = { latestUs: 0, batches: new Map() };
      this.#channels.set(channel, recent);
    }
    recent.latestUs = Math.max(recent.latestUs, minuteUs);
    const oldestUs = recent.latestUs - HOUR_US;
    if (minuteUs > oldestUs) recent.batches.set(key, { minuteUs, counts });
    for (const [name, batch] of recent.batches) {
      if (batch.minuteUs <= oldestUs) recent.batches.delete(name);
    }
  }

  /** Notes that a batch was deleted. */
  forget(key: ArchiveKey, channel: string): void {
    this.#channels.get(channel)?.batches.delete(key);
  }

  /** Messages by their number of receivers: `1`, `2`, `3`, `4+`. */
  byReceivers(): GaugeReading[] {
    const sums = this.#sums();
    return sums.slice(1).map((value, i) => {
      const receivers = i + 1 === RECEIVERS_MAX ? `${RECEIVERS_MAX}+` : `${i + 1}`;
      return { labels: { receivers }, value };
    });
  }

  /** The share of sightings whose message another receiver had too: 0 when no message has two. */
  duplicatesRatio(): number {
    const sums = this.#sums();
    const messages = sums.reduce((sum, count) => sum + count, 0);
    const heard = sums.reduce((sum, count, receivers) => sum + count * receivers, 0);
    return heard === 0 ? 0 : 1 - messages / heard;
  }

  #sums(): number[] {
    const sums = Array<number>(RECEIVERS_MAX + 1).fill(0);
    for (const { batches } of this.#channels.values()) {
      for (const { counts } of batches.values()) {
        for (const [receivers, count] of counts.entries()) sums[receivers]! += count;
      }
    }
    return sums;
  }
}
