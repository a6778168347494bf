import type { Message } from "../../core/batch/message.ts";
import { Lru } from "../../core/lru.ts";
import type { Micros } from "../../core/time.ts";

/** Fetches the messages at some places of a minute. */
export type FetchRows = (
  minuteUs: Micros,
  rows: readonly number[],
  signal: AbortSignal,
) => Promise<readonly Message[]>;

// As objects, messages take a few kilobytes each.
const KEPT_MAX = 4_000;

/** The messages that were on screen lately. Missing ones are fetched, once for all callers. */
export class RowMessages {
  readonly #fetch: FetchRows;
  readonly #watchers = new Set<() => void>();
  readonly #kept = new Lru<string, Message>({ countMax: KEPT_MAX });
  readonly #asked = new Set<string>();
  readonly #controller = new AbortController();

  /** Fetches by `fetch`. */
  constructor(fetch: FetchRows) {
    this.#fetch = fetch;
  }

  /** Calls `onArrival` whenever messages came that were wanted, until the returned function is called. */
  watch(onArrival: () => void): () => void {
    this.#watchers.add(onArrival);
    return () => void this.#watchers.delete(onArrival);
  }

  /** The message at a place of a minute, if it is here. */
  get(minuteUs: Micros, row: number): Message | undefined {
    return this.#kept.get(`${minuteUs} ${row}`);
  }

  /** Takes messages of a minute that came unasked; `rows` are their places. */
  put(minuteUs: Micros, rows: readonly number[], messages: readonly Message[]): void {
    for (const [i, message] of messages.entries()) {
      this.#kept.set(`${minuteUs} ${rows[i]!}`, message);
    }
  }

  /** Fetches those of `rows` that are neither here nor being fetched. */
  async want(minuteUs: Micros, rows: readonly number[]): Promise<void> {
    const missing = rows.filter((row) => {
      const name = `${minuteUs} ${row}`;
      return !this.#kept.has(name) && !this.#asked.has(name);
    });
    if (missing.length === 0) return;
    for (const row of missing) this.#asked.add(`${minuteUs} ${row}`);
    try {
      const messages = await this.#fetch(minuteUs, missing, this.#controller.signal);
      this.put(minuteUs, missing, messages);
      for (const onArrival of this.#watchers) onArrival();
    } catch (error) {
      if (!this.#controller.signal.aborted) throw error;
    } finally {
      for (const row of missing) this.#asked.delete(`${minuteUs} ${row}`);
    }
  }

  /** Forgets a minute that has changed. */
  forget(minuteUs: Micros): void {
    const start = `${minuteUs} `;
    for (const [name] of this.#kept.entries()) if (name.startsWith(start)) this.#kept.delete(name);
  }

  /** Stops fetching. */
  stop(): void {
    this.#controller.abort();
  }
}
