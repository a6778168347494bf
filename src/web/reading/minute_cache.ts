import { splitBatch } from "../../core/batch/batch.ts";
import { Lru } from "../../core/lru.ts";
import type { Micros } from "../../core/time.ts";

// Some hours of a busy channel.
const KEPT_MAX_BYTES = 32 * 1024 * 1024;
// As text a minute takes three times as much, so only those that are shown now become text.
const SPLIT_MAX_BYTES = 16 * 1024 * 1024;

/** An LRU cache of minutes, as many as fit. */
export class MinuteCache {
  readonly #kept = new Lru<string, Uint8Array>({
    costMax: KEPT_MAX_BYTES,
    costOf: (bytes) => bytes.length,
  });
  readonly #split = new Lru<string, { readonly lines: readonly string[]; readonly cost: number }>({
    costMax: SPLIT_MAX_BYTES,
    costOf: ({ cost }) => cost,
  });

  /** Keeps a minute, and evicts the least recently used ones. */
  keep(channel: string, minuteUs: Micros, bytes: Uint8Array): void {
    const name = `${channel} ${minuteUs}`;
    this.#kept.set(name, bytes);
    this.#split.delete(name);
  }

  /** A minute as one batch, if it is kept. Never changed. */
  bytes(channel: string, minuteUs: Micros): Uint8Array | undefined {
    return this.#kept.get(`${channel} ${minuteUs}`);
  }

  /** The lines of a minute, if it is kept. */
  lines(channel: string, minuteUs: Micros): readonly string[] | undefined {
    const name = `${channel} ${minuteUs}`;
    const split = this.#split.get(name);
    if (split !== undefined) return split.lines;
    const bytes = this.#kept.get(name);
    if (bytes === undefined) return undefined;
    const lines = splitBatch(bytes);
    this.#split.set(name, { lines, cost: bytes.length });
    return lines;
  }
}
