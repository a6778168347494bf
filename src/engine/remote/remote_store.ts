import { orAbort } from "../../async/abort.ts";
import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { ChannelRanges, DEFAULT_RANGE_COUNT } from "../../core/remote/channel_range.ts";
import { parseReply, type StoreReply } from "../../core/remote/envelope.ts";
import { remoteTopology } from "../../core/remote/remote_topology.ts";
import { type Micros, MILLISECOND_US, SECOND_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore, Stray } from "../../ports/batch_store.ts";
import { noopMetrics } from "../../ports/metrics.ts";
import type { BrokerLink, BrokerMessage } from "../../ports/remote/broker.ts";
import { CallsInFlight } from "./calls_in_flight.ts";
import { CurrentLink } from "./current_link.ts";
import { keepLink } from "./keep_link.ts";
import type { RemoteStoreOptions } from "./remote_store_options.ts";
import { checkSize, requestMessage } from "./request_message.ts";
import { SendWindow } from "./send_window.ts";
import { Sender } from "./sender.ts";
import { StoreCall } from "./store_call.ts";

const WAIT_MIN_MS = 60_000;
const WAIT_PER_BATCH_MS = 10_000;
/** A worker stores at most this many at a time, and answers then. */
const WORKER_BATCH = 100;
const WINDOW_COUNT = 256;
const WINDOW_BYTES = 32 * 1024 * 1024;
const CONFIRM_MAX_MS = 30_000;

/**
 * A store that writes through a message broker: `put` and `delete` resolve when a worker says that it has stored
 * and flushed, all else goes to the store beside it. When the broker is away it is tried again for ever, and what is
 * on its way is sent again: a put that comes twice is the same put.
 *
 * A call rejects with `STORE_UNREACHABLE` when it was without a sign of progress for `waitMinMs`, and at once
 * while the broker has been away for as long; with `STORE_REFUSED` when a worker refuses the file, or the broker
 * the user or the queues. It may then still happen; trying again is always right.
 */
export class RemoteStore implements BatchStore {
  readonly #options: RemoteStoreOptions;
  readonly #rangeCount: number;
  readonly #ranges: ChannelRanges;
  readonly #waitMinMs: number;
  readonly #window: SendWindow;
  readonly #links = new CurrentLink();
  readonly #sender: Sender;
  readonly #calls: CallsInFlight;
  readonly #life = new AbortController();
  readonly #keeping: Promise<void>;
  readonly #name: string;
  #callCount = 0;
  #isBlocked = false;
  #failure: { readonly error: ChatloomError; readonly sinceUs: Micros } | undefined;
  #fault: unknown;

  /** Connects at once, and until {@link RemoteStore.close}. */
  constructor(options: RemoteStoreOptions) {
    const { clock, random, reporter, metrics = noopMetrics, archive, queueKind } = options;
    this.#options = options;
    this.#rangeCount = options.rangeCount ?? DEFAULT_RANGE_COUNT;
    this.#ranges = new ChannelRanges(this.#rangeCount);
    this.#waitMinMs = options.waitMinMs ?? WAIT_MIN_MS;
    this.#window = new SendWindow({
      countMax: options.windowCount ?? WINDOW_COUNT,
      bytesMax: options.windowBytes ?? WINDOW_BYTES,
    });
    this.#calls = new CallsInFlight({ clock, reporter });
    this.#name = `${options.sender}.${Math.floor(random.next() * 36 ** 8).toString(36)}`;
    this.#sender = new Sender({
      ...{ links: this.#links, clock, random, reporter },
      confirmMaxMs: options.confirmMaxMs ?? CONFIRM_MAX_MS,
      isBlocked: () => this.#isBlocked,
    });
    metrics.gauge("remote_waiting_messages", () => [{ value: this.#window.count }]);
    metrics.gauge("remote_waiting_bytes", () => [{ value: this.#window.bytes }]);
    metrics.gauge("broker_links", () => [{ value: this.#links.link === undefined ? 0 : 1 }]);
    const topology = remoteTopology({ archive, rangeCount: this.#rangeCount, queueKind });
    this.#keeping = keepLink({
      ...{ broker: options.broker, clock, random, reporter },
      signal: this.#life.signal,
      prepare: (link) => link.declare(topology),
      onLink: (link) => this.#linked(link),
      onFailure: (error) => this.#failed(error),
      onReply: (reply) => this.#hear(reply),
      onBlocked: (isBlocked) => this.#block(isBlocked),
    }).catch((bug: unknown) => this.#end(bug));
  }

  /** What a caller puts at a time to keep the way to the workers busy. More waits. */
  get window(): { readonly countMax: number; readonly bytesMax: number } {
    return this.#window.limits;
  }

  list(prefix: string, options?: AbortOptions): AsyncIterable<ArchiveKey> {
    return this.#options.reads.list(prefix, options);
  }

  folders(folder: string, options?: AbortOptions): AsyncIterable<string> {
    return this.#options.reads.folders(folder, options);
  }

  async get(key: ArchiveKey, options?: AbortOptions): Promise<Uint8Array | undefined> {
    return await this.#options.reads.get(key, options);
  }

  strays(prefix: string, options?: AbortOptions): AsyncIterable<Stray> {
    return this.#options.reads.strays(prefix, options);
  }

  async put(key: ArchiveKey, bytes: Uint8Array, { signal }: AbortOptions = {}): Promise<void> {
    checkSize(key, bytes);
    await this.#call("put", { key, bytes, signal });
  }

  async delete(key: ArchiveKey, { signal }: AbortOptions = {}): Promise<void> {
    await this.#call("delete", { key, bytes: new Uint8Array(0), signal });
  }

  /**
   * Takes no more calls, waits for those on their way for `graceMs`, and closes the link. The rest rejects with
   * `STORE_UNREACHABLE`. Twice is as once.
   */
  async close({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    const closed = new ChatloomError("STORE_UNREACHABLE", "Cannot store: the store is closed");
    this.#fault ??= closed;
    const grace = new AbortController();
    const sleeping = this.#options.clock.sleep(graceMs, grace.signal).catch(() => {});
    await Promise.race([this.#calls.ended(), sleeping]);
    grace.abort();
    this.#end(closed);
    this.#life.abort();
    await this.#keeping;
  }

  async #call(
    method: "put" | "delete",
    { key, bytes, signal }: {
      readonly key: ArchiveKey;
      readonly bytes: Uint8Array;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    const parts = parseArchiveKey(key);
    if (parts === undefined) {
      throw new RangeError(`Cannot use "${key}" as a key: it names no file of an archive`);
    }
    signal?.throwIfAborted();
    this.#throwIfHopeless(key);
    const abandoned = this.#calls.abandoned.take(key, method);
    if (abandoned?.isStored) return;
    const range = this.#ranges.of(parts.channel);
    const { clock, metrics = noopMetrics } = this.#options;
    const correlationId = abandoned?.correlationId ?? `${this.#name}.${++this.#callCount}`;
    const call = new StoreCall({ method, key, range, correlationId, clock });
    this.#calls.add(call);
    const beganUs = clock.elapsedUs();
    const sending = this.#send(call, { bytes, takenOn: abandoned?.link });
    try {
      await (signal === undefined ? call.done : orAbort(call.done, signal));
      metrics.observe("remote_store_seconds", (clock.elapsedUs() - beganUs) / SECOND_US, {
        method,
      });
    } catch (error) {
      if (signal?.aborted) call.fail(error);
      // Where its message is in a queue, a caller that asks again takes it over.
      const takenOn = await sending;
      if (takenOn !== undefined && !isRefusal(error)) {
        // Taken over once; then it is sent again, for brokers lose messages.
        this.#calls.abandoned.add(call, takenOn === abandoned?.link ? undefined : takenOn);
      }
      throw error;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Sends a call once there is room, until it has ended. Returns the link that took its message last. */
  async #send(
    call: StoreCall,
    { bytes, takenOn }: { readonly bytes: Uint8Array; readonly takenOn: BrokerLink | undefined },
  ): Promise<BrokerLink | undefined> {
    const watching = this.#watch(call);
    let leave: (() => void) | undefined;
    try {
      await this.#window.enter(bytes.length, call.ended);
      leave = this.#calls.enterRange(call);
      const message = await requestMessage(call, bytes, this.#options);
      return await this.#sender.send(call, { message, takenOn });
    } catch (error) {
      if (!call.ended.aborted) call.fail(error);
      return undefined;
    } finally {
      if (leave !== undefined) {
        this.#window.leave(bytes.length);
        leave();
      }
      await watching;
    }
  }

  #watch(call: StoreCall): Promise<void> {
    const { waitPerBatchMs = WAIT_PER_BATCH_MS } = this.#options;
    return call.watch({
      isHeld: () => this.#isBlocked,
      otherProgressUs: () => this.#calls.answeredUs(call),
      failure: () => this.#failure?.error,
      limitMs: () => {
        const batches = Math.ceil(this.#calls.sentInRange(call.range) / WORKER_BATCH);
        return Math.max(this.#waitMinMs, waitPerBatchMs * batches);
      },
    });
  }

  #hear({ correlationId = "", headers }: BrokerMessage): void {
    const reply = parseReply(headers);
    if (reply === undefined) return this.#options.reporter.count("remote_replies_unreadable");
    if (!this.#isForeign(reply)) this.#calls.hear(correlationId, reply);
  }

  /** Whether a worker writes another archive than is read here; then no more is sent. */
  #isForeign({ archiveId }: StoreReply): boolean {
    const { archiveId: own, reporter } = this.#options;
    if (own === undefined || archiveId === undefined || archiveId === own) return false;
    if (this.#fault === undefined) {
      const message =
        `Cannot store: the workers write the archive "${archiveId}", and "${own}" is read here`;
      this.#end(new ChatloomError("STORE_REFUSED", message));
      reporter.report("error", "The workers write another archive than is read here", {
        theirs: archiveId,
        own,
      });
    }
    return true;
  }

  #throwIfHopeless(key: ArchiveKey): void {
    if (this.#fault !== undefined) throw this.#fault;
    const nowUs = this.#options.clock.elapsedUs();
    const failure = this.#failure;
    if (failure !== undefined) {
      const isLong = nowUs - failure.sinceUs >= this.#waitMinMs * MILLISECOND_US;
      if (isLong || isRefusal(failure.error)) throw failure.error;
    }
    const refusal = this.#calls.refused.find(key);
    if (refusal !== undefined) throw refusal;
  }

  #linked(link: BrokerLink): void {
    this.#failure = undefined;
    this.#links.set(link);
  }

  #failed(error: ChatloomError): void {
    this.#isBlocked = false;
    this.#failure = {
      error,
      sinceUs: this.#failure?.sinceUs ?? this.#options.clock.elapsedUs(),
    };
    if (!isRefusal(error)) return;
    this.#calls.failAll(error);
  }

  /** From now on all calls fail with `fault`, also those on their way. */
  #end(fault: unknown): void {
    this.#fault ??= fault;
    this.#calls.failAll(this.#fault);
  }

  #block(isBlocked: boolean): void {
    if (isBlocked === this.#isBlocked) return;
    this.#isBlocked = isBlocked;
    this.#calls.progressAll();
    const { reporter } = this.#options;
    if (isBlocked) {
      reporter.report("warning", "The broker takes no messages now: it is short of memory or disk");
    } else reporter.report("info", "The broker takes messages again");
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof ChatloomError && error.code === "STORE_REFUSED";
}
