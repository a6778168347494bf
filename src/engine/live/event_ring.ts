import type { Message } from "../../core/batch/message.ts";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import type { Cursor } from "./cursor.ts";

/** A message in the order in which it came. */
export class LiveEvent {
  /** The cursor behind it. */
  readonly cursor: Cursor;
  /** The channel, without `#`. */
  readonly channel: string;
  /** Canonical JSON, with the receiver that had it first. */
  readonly line: string;
  #message: Message | undefined;

  /** An event, of which nothing is parsed yet. */
  constructor(cursor: Cursor, channel: string, line: string) {
    this.cursor = cursor;
    this.channel = channel;
    this.line = line;
  }

  /** The line, parsed once for all who ask. */
  get message(): Message {
    return this.#message ??= parseCanonicalLine(this.line);
  }
}

// A parsed message, its key for repetitions and the objects around it, roughly.
const COST_FACTOR = 3;
const COMPACT_AT = 1_024;

/** The last events, as many as memory allows. */
export class EventRing {
  readonly #bytesMax: number;
  readonly #onEvict: (event: LiveEvent) => void;
  #events: LiveEvent[] = [];
  /** How many at the start of the array are evicted. */
  #first = 0;
  #heldBytes = 0;
  #evictedSeq = 0;

  /** An empty ring of about `bytesMax` bytes of memory. `onEvict` is called for each event that goes. */
  constructor(bytesMax: number, onEvict: (event: LiveEvent) => void) {
    this.#bytesMax = bytesMax;
    this.#onEvict = onEvict;
  }

  /** About how much memory it takes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The number of the last event that is no longer in it; 0 for none. */
  get evictedSeq(): number {
    return this.#evictedSeq;
  }

  /** Adds an event, whose number is above those of all others. */
  add(event: LiveEvent): void {
    this.#events.push(event);
    this.#heldBytes += COST_FACTOR * event.line.length;
    while (this.#heldBytes > this.#bytesMax && this.#first < this.#events.length) this.#evict();
    if (this.#first < COMPACT_AT || 2 * this.#first < this.#events.length) return;
    this.#events = this.#events.slice(this.#first);
    this.#first = 0;
  }

  #evict(): void {
    const event = this.#events[this.#first++]!;
    this.#heldBytes -= COST_FACTOR * event.line.length;
    this.#evictedSeq = event.cursor.seq;
    this.#onEvict(event);
  }

  /** Yields the events behind number `seq`, in order. */
  *after(seq: number): Iterable<LiveEvent> {
    let low = this.#first;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#events[middle]!.cursor.seq <= seq) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.#events.length; i++) yield this.#events[i]!;
  }
}
