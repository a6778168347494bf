import { TaskGroup } from "../../async/task_group.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { Backoff } from "./timing/backoff.ts";
import { WakeSignal } from "./timing/wake_signal.ts";
import type { ChatConnection, ConnectionObserver, Ending } from "./chat_connection.ts";
import { Membership, type WantedChannel } from "./membership.ts";
import type { SlidingWindow } from "./timing/sliding_window.ts";

/** A connection that lived for so long after its welcome was a good one: the next comes at once. */
const STABLE_MS = 60_000;

/** At most this many predecessors go on beside the connection that took over. */
const PREDECESSORS_MAX = 2;

/** What a slot needs. */
export interface ConnectionSlotOptions {
  /** Measures silence, waits and limits. */
  readonly clock: Clock;
  /** Spreads out retries. */
  readonly random: Random;
  /** Takes reports of connections and channels, and counts. */
  readonly reporter: Reporter;
  /** Makes a connection that reports to `observer`. */
  readonly makeConnection: (observer: ConnectionObserver) => ChatConnection;
  /** When the next login may be tried, over all slots. */
  readonly logins: SlidingWindow;
  /** The membership of a channel may have changed, or there are new ones. */
  readonly onMembership: () => void;
  /** A connection of this slot heard a message that may be about a channel. */
  readonly onHeard: (connection: ChatConnection, message: IrcMessage) => void;
  /** Twitch refused the login: throws if the pool must end. */
  readonly onLoginRefused: (ending: Ending) => void;
  /** A login succeeded. */
  readonly onWelcomed: () => void;
}

/**
 * A set of channels that outlives the connections that serve it: it has one connection at a time,
 * opens the next when that one breaks, and lets a predecessor that the server will close go on until
 * it ends.
 */
export class ConnectionSlot {
  readonly #options: ConnectionSlotOptions;
  readonly #channels = new Map<string, WantedChannel>();
  readonly #wakeSignal = new WakeSignal();
  readonly #backoff: Backoff;
  readonly #predecessors = new Set<ChatConnection>();
  #active: ChatConnection | undefined;
  /** How far the last connection got: failures there are not reported again. */
  #earlier: ReadonlyMap<string, Membership> = new Map();
  #retryUs: Micros = 0;
  #isStopped = false;

  /** A slot without channels; {@link ConnectionSlot.run} opens its connection. */
  constructor(options: ConnectionSlotOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
  }

  /** The channels it serves, by name. */
  get channels(): ReadonlyMap<string, WantedChannel> {
    return this.#channels;
  }

  /** The connection that channels are joined on, if there is one. */
  get active(): ChatConnection | undefined {
    return this.#active;
  }

  /** All its connections, including replaced ones that have not ended yet. */
  get connections(): ChatConnection[] {
    return [...this.#predecessors, ...(this.#active === undefined ? [] : [this.#active])];
  }

  /** When the next connection is opened, in elapsed time, while there is none. */
  get retryUs(): Micros | undefined {
    return this.#active === undefined ? this.#retryUs : undefined;
  }

  /** Serves `channel` too, or updates its importance. */
  set(channel: WantedChannel): void {
    this.#channels.set(channel.name, channel);
    const active = this.#active;
    if (active?.phase !== "welcomed") return;
    const membership = active.memberships.get(channel.name);
    if (membership === undefined) this.#queue(active, channel);
    else membership.channel = channel;
    this.#options.onMembership();
  }

  /** Stops serving the channel called `name`. */
  remove(name: string): void {
    if (!this.#channels.delete(name)) return;
    for (const connection of this.connections) {
      const membership = connection.memberships.get(name);
      if (membership === undefined) continue;
      connection.memberships.delete(name);
      if (membership.state !== "queued" || membership.isHalfIn) connection.send(`PART #${name}`);
    }
  }

  /** Closes its connections, for good. */
  stop(): void {
    this.#isStopped = true;
    for (const connection of this.connections) connection.stop();
    this.#wakeSignal.wake();
  }

  /**
   * Keeps the slot connected until {@link ConnectionSlot.stop}; resolves when all its connections are gone.
   *
   * Rejects with what a connection rejected with, or `onLoginRefused` threw.
   */
  async run(): Promise<void> {
    const tasks = new TaskGroup(() => this.stop());
    while (!this.#isStopped) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        await this.#wakeSignal.wait(this.#options.clock, waitMs);
        continue;
      }
      tasks.add(this.#attend(this.#open()));
    }
    await tasks.ended();
  }

  /** How long until the next connection opens; `Infinity` while there is one. */
  #waitMs(): number {
    if (this.#active !== undefined) return Infinity;
    const nowUs = this.#options.clock.elapsedUs();
    return Math.max((this.#retryUs - nowUs) / MILLISECOND_US, this.#options.logins.waitMs(nowUs));
  }

  #open(): ChatConnection {
    this.#options.logins.take(this.#options.clock.elapsedUs());
    return this.#active = this.#options.makeConnection({
      welcomed: (connection) => this.#welcome(connection),
      toldToReconnect: (connection) => this.#replace(connection),
      wants: (channel) => this.#channels.has(channel),
      heard: (connection, message) => this.#options.onHeard(connection, message),
    });
  }

  async #attend(connection: ChatConnection): Promise<void> {
    const ending = await connection.run();
    if (this.#predecessors.delete(connection)) {
      this.#report(connection, { ending, isPredecessor: true });
    } else if (this.#active === connection) {
      this.#active = undefined;
      if (!this.#isStopped) {
        this.#planNext(connection);
        this.#report(connection, { ending });
      }
    }
    this.#wakeSignal.wake();
    if (ending.reason === "login refused") this.#options.onLoginRefused(ending);
  }

  #welcome(connection: ChatConnection): void {
    if (connection !== this.#active) return;
    for (const channel of this.#channels.values()) this.#queue(connection, channel);
    this.#options.reporter.report("info", "Connected to chat", {
      receiver: connection.receiver,
      channels: this.#channels.size,
    });
    this.#options.onWelcomed();
    this.#options.onMembership();
  }

  #queue(connection: ChatConnection, channel: WantedChannel): void {
    const nowUs = this.#options.clock.elapsedUs();
    const earlier = this.#earlier.get(channel.name);
    connection.memberships.set(channel.name, new Membership(channel, nowUs, earlier));
  }

  /** Opens a successor while `connection`, which will be closed by the server, goes on. */
  #replace(connection: ChatConnection): void {
    if (connection !== this.#active || this.#isStopped) return; // It has a successor.
    this.#predecessors.add(connection);
    connection.isReplaced = true;
    this.#active = undefined;
    this.#planNext(connection);
    this.#options.reporter.count("session_reconnects", { reason: "told to" });
    this.#options.reporter.report("info", "Server asks for a reconnect, opening the successor", {
      receiver: connection.receiver,
    });
    this.#dropPredecessor();
    this.#wakeSignal.wake();
  }

  /** A server that asks again and again must not collect connections: the least useful one goes. */
  #dropPredecessor(): void {
    if (this.#predecessors.size <= PREDECESSORS_MAX) return;
    const [least] = [...this.#predecessors].sort((a, b) => a.joinedCount - b.joinedCount);
    least?.stop();
  }

  /** At once after a good connection, else after longer and longer waits. */
  #planNext({ welcomedUs, memberships }: ChatConnection): void {
    const nowUs = this.#options.clock.elapsedUs();
    if (welcomedUs !== undefined) this.#earlier = memberships;
    const wasStable = welcomedUs !== undefined && nowUs - welcomedUs >= STABLE_MS * MILLISECOND_US;
    if (wasStable) this.#backoff.reset();
    this.#retryUs = nowUs + Math.ceil(this.#backoff.nextMs() * MILLISECOND_US);
  }

  #report(
    connection: ChatConnection,
    { ending, isPredecessor = false }: { ending: Ending; isPredecessor?: boolean },
  ): void {
    const nowUs = this.#options.clock.elapsedUs();
    const fields = {
      receiver: connection.receiver,
      reason: ending.reason,
      detail: ending.detail,
      livedS: Math.round((nowUs - connection.startedUs) / 1e6),
    };
    if (isPredecessor) {
      this.#options.reporter.report("info", "Replaced connection is gone", fields);
      return;
    }
    this.#options.reporter.count("session_reconnects", { reason: ending.reason });
    const isImportant = [...this.#channels.values()].some((channel) => channel.isImportant);
    const severity = isImportant ? "warning" : this.#backoff.attempts <= 1 ? "info" : "debug";
    const retryMs = Math.round((this.#retryUs - nowUs) / MILLISECOND_US);
    this.#options.reporter.report(severity, "Lost a connection, opening another", {
      ...fields,
      channels: this.#channels.size,
      retryMs,
    });
  }
}
