import { splitBatch } from "../../core/batch/batch.ts";
import { Lru } from "../../core/lru.ts";
import type { Micros } from "../../core/time.ts";

interface Kept {
  readonly bytes: Uint8Array;
  lines: readonly string[] | undefined;
}

// A few hours of a busy channel. As text they take twice as much, so only minutes that are shown
// become text.
const KEPT_MAX_BYTES = 64 * 1024 * 1024;

/** An LRU cache of minutes, as many as fit. */
export class MinuteCache {
  readonly #kept = new Lru<string, Kept>({
    costMax: KEPT_MAX_BYTES,
    costOf: ({ bytes }) => bytes.length,
  });

  /** Keeps a minute, and evicts the least recently used ones. */
  keep(channel: string, minuteUs: Micros, bytes: Uint8Array): void {
    this.#kept.set(`${channel} ${minuteUs}`, { bytes, lines: undefined });
  }

  /** A minute as one batch, if it is kept. Never changed. */
  bytes(channel: string, minuteUs: Micros): Uint8Array | undefined {
    return this.#kept.get(`${channel} ${minuteUs}`)?.bytes;
  }

  /** The lines of a minute, if it is kept. */
  lines(channel: string, minuteUs: Micros): readonly string[] | undefined {
    const kept = this.#kept.get(`${channel} ${minuteUs}`);
    return kept === undefined ? undefined : kept.lines ??= splitBatch(kept.bytes);
  }
}
