import { splitBatch } from "../../core/batch/batch.ts";
import type { Micros } from "../../core/time.ts";

interface Kept {
  readonly bytes: Uint8Array;
  lines: readonly string[] | undefined;
}

// A few hours of a busy channel. As text they take twice as much, so only minutes that are looked at
// are turned into it.
const KEPT_MAX_BYTES = 64 * 1024 * 1024;

/** Minutes that were read lately, as many as fit. */
export class MinuteCache {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** Keeps a minute, and lets go of those that were not wanted for longest. */
  keep(channel: string, minuteUs: Micros, bytes: Uint8Array): void {
    const name = `${channel} ${minuteUs}`;
    this.#drop(name);
    this.#kept.set(name, { bytes, lines: undefined });
    this.#bytes += bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= KEPT_MAX_BYTES || oldest === name) break;
      this.#drop(oldest);
    }
  }

  /** The lines of a minute, if it is kept. */
  lines(channel: string, minuteUs: Micros): readonly string[] | undefined {
    const name = `${channel} ${minuteUs}`;
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return kept.lines ??= splitBatch(kept.bytes);
  }

  #drop(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    this.#kept.delete(name);
    this.#bytes -= kept.bytes.length;
  }
}
