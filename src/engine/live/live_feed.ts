import { contentKey } from "../../core/batch/content.ts";
import { formatLine } from "../../core/batch/format_line.ts";
import { type Micros, MINUTE_US, SECOND_US, toSeconds } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Random } from "../../ports/random.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { ReceivedMessage } from "../record/received_message.ts";
import type { Cursor } from "./cursor.ts";
import { EmittedEvents } from "./emitted_events.ts";
import { EventRing, LiveEvent } from "./event_ring.ts";

/** What a {@link LiveFeed} works with. */
export interface LiveFeedOptions {
  /** Tells Twitch's clock from wrong timestamps, and wakes clients. */
  readonly clock: Clock;
  /** Tells this process from others in cursors. */
  readonly random: Random;
  /** Counts events. */
  readonly reporter: Reporter;
  /** Measures clients and lag. */
  readonly metrics?: Metrics | undefined;
  /** About how much memory the last events take. @default 32 MiB */
  readonly ringMaxBytes?: number | undefined;
}

/** Events that a client has not had. */
export interface FeedReading {
  /** In order; none if there are none. */
  readonly events: readonly LiveEvent[];
  /** The number up to which it has all of its channels now. */
  readonly seq: number;
}

const RING_MAX_BYTES = 32 * 1024 * 1024;
/** Clients are woken together, so that each costs little while much is said. */
const WAKE_MS = 50;
/** A channel is followed for this long after its last client left: it may come back. */
const LINGER_US = MINUTE_US;
const EVENTS_AT_ONCE_MAX = 200;
const ALL = "*";

interface Following {
  clients: number;
  /** The number of the last event before it was followed. */
  readonly sinceSeq: number;
  leftUs: Micros;
}

interface Waiter {
  readonly channels: readonly string[] | undefined;
  readonly wake: () => void;
}

/**
 * Messages in the order in which this node received them, for any number of clients. What is kept is shared
 * and bounded: a client is a number in it. One that asks for more than is kept must read the archive.
 *
 * Only channels that a client follows cost anything.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #boot: string;
  readonly #emitted = new EmittedEvents();
  readonly #ring: EventRing;
  readonly #following = new Map<string, Following>();
  readonly #waiters = new Set<Waiter>();
  readonly #touched = new Set<string>();
  readonly #closed = new AbortController();
  #clients = 0;
  #seq = 0;
  /** The number of the last {@link LiveFeed.interrupt}. */
  #interruptedSeq = 0;
  #sentMaxUs: Micros | undefined;
  #isWaking = false;

  /** A feed without clients. */
  constructor(options: LiveFeedOptions) {
    const { clock, random, metrics, ringMaxBytes = RING_MAX_BYTES } = options;
    this.#options = options;
    const chance = Math.floor(random.next() * 2 ** 32).toString(36);
    this.#boot = `${Math.max(0, clock.wallUs()).toString(36)}${chance}`;
    this.#ring = new EventRing(ringMaxBytes, ({ cursor }) => this.#emitted.forget(cursor.seq));
    metrics?.gauge("feed_clients", () => [{ value: this.#clients }]);
    metrics?.gauge("feed_held_bytes", () => [{ value: this.#ring.heldBytes }]);
  }

  /** Aborts when the feed is closed: streams end. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** The number of the last event. */
  get seq(): number {
    return this.#seq;
  }

  /** The cursor behind all events with numbers up to `seq`, as far as it can be told now. */
  cursorAt(seq: number): Cursor {
    const floorUs = this.#floorUs(this.#options.clock.wallUs());
    return { boot: this.#boot, seq, floorUs, receiver: "", receivedUs: 0 };
  }

  /** Emits a message, unless another receiver's report of it was emitted. */
  publish(received: ReceivedMessage): void {
    const { channel, isExact, startUs, receiver, receivedUs } = received;
    if (isExact) this.#sentMaxUs = Math.max(this.#sentMaxUs ?? 0, startUs);
    if (!this.#isFollowed(channel)) return;
    const content = received.content();
    const key = `${channel} ${contentKey(content)}`;
    const report = { ...received, key, arrivedUs: received.arrivedUs ?? receivedUs };
    if (this.#emitted.joins(report)) return;
    const seq = ++this.#seq;
    const floorUs = this.#floorUs(startUs);
    const cursor = { boot: this.#boot, seq, floorUs, receiver, receivedUs };
    const receivers = [{ receiver, receivedS: toSeconds(receivedUs) }];
    const line = formatLine(content, receivers, received);
    this.#emitted.add(report, seq);
    this.#ring.add(new LiveEvent(cursor, channel, line));
    this.#options.reporter.count("feed_events");
    this.#touch(channel);
  }

  /**
   * Notes that messages may have come that were not emitted, but are in the archive: all clients continue
   * from there.
   */
  interrupt(): void {
    this.#interruptedSeq = ++this.#seq;
    this.#touch(ALL);
  }

  /** Follows channels, or all if `undefined`, until the result is called. Their events are kept from now on. */
  follow(channels: readonly string[] | undefined): () => void {
    this.#sweep();
    this.#clients++;
    const names = new Set(channels ?? [ALL]);
    for (const name of names) {
      const known = this.#following.get(name);
      if (known !== undefined) known.clients++;
      else this.#following.set(name, { clients: 1, sinceSeq: this.#seq, leftUs: 0 });
    }
    return () => {
      this.#clients--;
      for (const name of names) {
        const known = this.#following.get(name)!;
        known.clients--;
        known.leftUs = this.#options.clock.elapsedUs();
      }
    };
  }

  /** Whether all that came behind `cursor` in channels that are followed can be read here. */
  canContinue(cursor: Cursor, channels: readonly string[] | undefined): boolean {
    const { boot, seq } = cursor;
    if (boot !== this.#boot || seq > this.#seq || this.#hasLost(seq)) return false;
    const isAllSince = (this.#following.get(ALL)?.sinceSeq ?? Infinity) <= seq;
    if (isAllSince || channels === undefined) return isAllSince;
    return channels.every((name) => (this.#following.get(name)?.sinceSeq ?? Infinity) <= seq);
  }

  /**
   * The next events behind number `seq` of channels that are followed; `undefined` if some are no longer
   * kept.
   */
  read(seq: number, channels: ReadonlySet<string> | undefined): FeedReading | undefined {
    if (this.#hasLost(seq)) return undefined;
    const events: LiveEvent[] = [];
    for (const event of this.#ring.after(seq)) {
      if (channels?.has(event.channel) === false) continue;
      events.push(event);
      if (events.length === EVENTS_AT_ONCE_MAX) return { events, seq: event.cursor.seq };
    }
    return { events, seq: this.#seq };
  }

  /** Resolves to whether an event of these channels came, within `timeoutMs`; rejects as `signal` aborts. */
  async wait(
    channels: readonly string[] | undefined,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<boolean> {
    signal.throwIfAborted();
    const over = new AbortController();
    const end = () => over.abort();
    signal.addEventListener("abort", end, { once: true });
    const waiter = { channels, wake: end };
    this.#waiters.add(waiter);
    try {
      await this.#options.clock.sleep(timeoutMs, over.signal);
      return false;
    } catch (error) {
      signal.throwIfAborted();
      if (!over.signal.aborted) throw error;
      return true;
    } finally {
      this.#waiters.delete(waiter);
      signal.removeEventListener("abort", end);
    }
  }

  /** Notes that a client is given these events now. */
  noteSent(events: readonly LiveEvent[]): void {
    const { clock, metrics, reporter } = this.#options;
    const last = events.at(-1);
    if (last === undefined) return;
    reporter.count("feed_events_sent", {}, events.length);
    const lagUs = clock.wallUs() - last.cursor.receivedUs;
    metrics?.observe("feed_lag_seconds", Math.max(0, lagUs) / SECOND_US);
  }

  /** Notes that a client asked for more than is kept. */
  noteMissed(): void {
    this.#options.reporter.count("feed_missed");
  }

  /** Ends all streams. */
  close(): void {
    this.#closed.abort(new DOMException("The feed is closed", "AbortError"));
  }

  #hasLost(seq: number): boolean {
    return seq < this.#ring.evictedSeq || seq < this.#interruptedSeq;
  }

  #isFollowed(channel: string): boolean {
    return this.#following.has(channel) || this.#following.has(ALL);
  }

  /** Twitch's clock, but never ahead of this machine's: one wrong timestamp must not skip all others. */
  #floorUs(otherwiseUs: Micros): Micros {
    return Math.min(this.#sentMaxUs ?? otherwiseUs, this.#options.clock.wallUs());
  }

  #sweep(): void {
    const nowUs = this.#options.clock.elapsedUs();
    for (const [name, { clients, leftUs }] of this.#following) {
      if (clients === 0 && nowUs - leftUs > LINGER_US) this.#following.delete(name);
    }
  }

  #touch(channel: string): void {
    this.#touched.add(channel);
    if (this.#isWaking) return;
    this.#isWaking = true;
    this.#options.clock.sleep(WAKE_MS, this.closed).catch(() => {}) // Closed: all are woken.
      .then(() => this.#wake());
  }

  #wake(): void {
    this.#isWaking = false;
    const touched = new Set(this.#touched);
    this.#touched.clear();
    for (const { channels, wake } of this.#waiters) {
      const isMeant = channels === undefined || touched.has(ALL) ||
        channels.some((each) => touched.has(each));
      if (isMeant) wake();
    }
    this.#sweep();
  }
}
