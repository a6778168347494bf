import { TaskGroup } from "../../async/task_group.ts";
import { isChannelName } from "../../core/archive/archive_key.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { Transport } from "../../ports/transport.ts";
import { ChatConnection, type ConnectionObserver, type Ending } from "./chat_connection.ts";
import { JOIN_RATE_DEFAULT, JOIN_RATE_MAX, JoinQueue } from "./join_queue.ts";
import { ConnectionSlot } from "./connection_slot.ts";
import type { ChatListener } from "./lines/listener.ts";
import {
  anonymousCredentials,
  isNick,
  type Login,
  readCredentials,
  refusedByTwitch,
} from "./login.ts";
import type { WantedChannel } from "./membership.ts";
import { describePool, type PoolState } from "./pool_state.ts";
import { connectionCount, leastLoaded } from "./assignment.ts";
import { SlidingWindow } from "./timing/sliding_window.ts";

/** Twitch's chat server. */
export const TWITCH_CHAT_URL = "wss://irc-ws.chat.twitch.tv:443";

/** At most this many channels are joined on one connection. */
const CHANNELS_PER_CONNECTION_MAX = 50;

/**
 * Twitch takes 20 logins in 10 s from one account, 200 from a verified bot: a tenth of its JOINs. A
 * little more time: they may draw closer on the way.
 *
 * @see {@link https://dev.twitch.tv/docs/irc/#rate-limits | Twitch rate limits}
 */
const LOGINS = { countMin: 20, perJoin: 0.1, lengthMs: 10_250 };

/** This many refusals in a row end a pool whose token worked before, if nothing else is connected. */
const REFUSALS_MAX = 8;

/** What a pool needs, and how it behaves. */
export interface ChatPoolOptions {
  /** Where the chat server is: `ws:` or `wss:`. @default {@link TWITCH_CHAT_URL} */
  readonly url?: string;
  /** Opens the connections. */
  readonly transport: Transport;
  /** Measures silence, waits and limits. */
  readonly clock: Clock;
  /** Picks anonymous names and spreads out retries. */
  readonly random: Random;
  /** Takes reports of connections and channels, and counts. */
  readonly reporter: Reporter;
  /** Receives all lines. */
  readonly listener: ChatListener;
  /** The first part of every receiver's id, unique for ever: `<node>.<5 letters or digits>`. */
  readonly runName: string;
  /** The account to log in with. Without one, chat is read anonymously. */
  readonly login?: Login | undefined;
  /** On how many connections the pool listens to each channel: 1 to 16. @default 1 */
  readonly connectionsPerChannel?: number;
  /**
   * How many JOINs Twitch takes from the account in 10 s: 20, or up to 2,000 from a verified bot, whose
   * limit on logins is higher as well. More than Twitch takes are ignored there. @default 20
   */
  readonly joinRate?: number;
}

/** The connections that listen to a set of channels. */
export interface ChatPool {
  /**
   * Listens to these channels and to no others, from now on. May be called at any time, as often as
   * needed: channels that are listened to already stay as they are. Of a channel named twice, the
   * important one counts.
   *
   * @throws {RangeError} when a name is no channel name; nothing has changed then.
   */
  setChannels(channels: Iterable<WantedChannel>): void;

  /**
   * Listens until `signal` aborts, also when connections fail; resolves when all are closed, all
   * lines were handed on and no timer is left. May be called once.
   *
   * @throws {ChatloomError} `LOGIN_REFUSED` when Twitch does not take a login with a token that never
   * worked, or that worked once and is refused again and again while no connection is left. An
   * anonymous login cannot be wrong: it is always tried again, after longer and longer waits.
   */
  run(signal: AbortSignal): Promise<void>;

  /** Its state, for logs and pages. */
  state(): PoolState;

  /** Whether it listens to a channel, or tries to. */
  wants(channel: string): boolean;
}

/**
 * Makes a pool of connections to Twitch's chat for a recorder.
 *
 * Opens as many connections as the channels need, joins slowly enough for Twitch, notices a dead
 * connection within half a minute, comes back after every failure, and leaves no gap when the server
 * announces that it will close a connection.
 *
 * @throws {RangeError} when `connectionsPerChannel`, `joinRate` or `login.nick` cannot be.
 * @throws {TypeError} when `url` is no WebSocket URL.
 */
export function chatPool(options: ChatPoolOptions): ChatPool {
  const { url = TWITCH_CHAT_URL, connectionsPerChannel: copies = 1, login } = options;
  const { joinRate = JOIN_RATE_DEFAULT } = options;
  if (!/^wss?:$/.test(new URL(url).protocol)) {
    throw new TypeError(`Cannot connect to "${url}": it does not begin with "ws:" or "wss:"`);
  }
  if (!(Number.isInteger(copies) && copies >= 1 && copies <= 16)) {
    throw new RangeError(`Cannot listen on ${copies} connections per channel: must be 1 to 16`);
  }
  if (!isJoinRate(joinRate)) {
    throw new RangeError(`Cannot send ${joinRate} JOINs in 10 s: must be 1 to ${JOIN_RATE_MAX}`);
  }
  if (login !== undefined && !isNick(login.nick)) {
    throw new RangeError(`Cannot log in as "${login.nick}": Twitch has no such names`);
  }
  return new Pool(options, { url, copies, joinRate });
}

/** Whether an account may have `rate` JOINs in 10 s: a whole number from 1 to {@link JOIN_RATE_MAX}. */
export function isJoinRate(rate: number): boolean {
  return Number.isInteger(rate) && rate >= 1 && rate <= JOIN_RATE_MAX;
}

class Pool implements ChatPool {
  readonly #options: ChatPoolOptions;
  readonly #url: string;
  readonly #copies: number;
  readonly #slots = new Set<ConnectionSlot>();
  readonly #tasks = new TaskGroup(() => this.#stop());
  readonly #joinQueue: JoinQueue;
  readonly #logins: SlidingWindow;
  #wanted: ReadonlyMap<string, WantedChannel> = new Map();
  #phase: "new" | "running" | "stopping" = "new";
  #receiverCount = 0;
  #wasLetIn = false;
  /** How many logins in a row were refused. */
  #refusals = 0;

  constructor(
    options: ChatPoolOptions,
    { url, copies, joinRate }: { url: string; copies: number; joinRate: number },
  ) {
    const { countMin, perJoin, lengthMs } = LOGINS;
    const count = Math.max(countMin, Math.floor(joinRate * perJoin));
    this.#logins = new SlidingWindow({ count, lengthMs });
    this.#options = options;
    this.#url = url;
    this.#copies = copies;
    this.#joinQueue = new JoinQueue({ ...options, slots: () => this.#slots });
  }

  setChannels(channels: Iterable<WantedChannel>): void {
    const wanted = new Map<string, WantedChannel>();
    for (const { name, isImportant } of channels) {
      if (!isChannelName(name)) throw new RangeError(`Cannot listen to "${name}": no channel name`);
      wanted.set(name, { name, isImportant: isImportant || !!wanted.get(name)?.isImportant });
    }
    this.#wanted = wanted;
    if (this.#phase === "running") this.#seat();
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#phase !== "new") throw new TypeError("Cannot run a pool: it has been run");
    this.#phase = "running";
    const stop = (): void => this.#stop();
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    else this.#seat();
    this.#tasks.add(this.#joinQueue.run());
    await this.#tasks.ended().finally(() => signal.removeEventListener("abort", stop));
  }

  wants(channel: string): boolean {
    return this.#wanted.has(channel);
  }

  state(): PoolState {
    return describePool(this.#slots, { wanted: this.#wanted, clock: this.#options.clock });
  }

  #stop(): void {
    this.#phase = "stopping";
    this.#joinQueue.stop();
    for (const slot of this.#slots) slot.stop();
  }

  /** Gives every wanted channel its connections, and the others none. */
  #seat(): void {
    const seats = CHANNELS_PER_CONNECTION_MAX;
    for (const slot of this.#slots) {
      for (const name of [...slot.channels.keys()]) {
        if (this.#wanted.has(name)) continue;
        slot.remove(name);
        this.#joinQueue.forget(name);
      }
    }
    const needed = connectionCount(this.#wanted.size, { copies: this.#copies, seats });
    while (this.#slots.size < needed) this.openSlot();
    const [important, others] = split(this.#wanted.values());
    for (const channel of [...important, ...others]) this.#seatOne(channel, seats);
    for (const slot of this.#slots) if (slot.channels.size === 0) this.#closeSlot(slot);
    this.#joinQueue.wake();
  }

  #seatOne(channel: WantedChannel, seats: number): void {
    let missing = this.#copies;
    for (const slot of this.#slots) {
      if (!slot.channels.has(channel.name)) continue;
      slot.set(channel);
      missing--;
    }
    for (; missing > 0; missing--) {
      const free = leastLoaded(this.#slots, { name: channel.name, seats });
      (free ?? this.openSlot()).set(channel);
    }
  }

  openSlot(): ConnectionSlot {
    const slot: ConnectionSlot = new ConnectionSlot({
      ...this.#options,
      logins: this.#logins,
      makeConnection: (observer) => this.#makeConnection(observer),
      onMembership: () => this.#joinQueue.wake(),
      onHeard: (connection, message) => this.#joinQueue.heard(connection, message),
      onLoginRefused: (ending) => this.#checkRefusal(ending),
      onWelcomed: () => {
        this.#wasLetIn = true;
        this.#refusals = 0;
      },
    });
    this.#slots.add(slot);
    // Begins after all channels have been assigned.
    this.#tasks.add(Promise.resolve().then(() => slot.run()));
    return slot;
  }

  #closeSlot(slot: ConnectionSlot): void {
    this.#slots.delete(slot);
    slot.stop();
  }

  #makeConnection(observer: ConnectionObserver): ChatConnection {
    const { login, random, runName } = this.#options;
    return new ChatConnection({
      ...this.#options,
      url: this.#url,
      observer,
      nextReceiver: () => `${runName}.${++this.#receiverCount}`,
      readCredentials: () =>
        login === undefined
          ? Promise.resolve(anonymousCredentials(random))
          : readCredentials(login),
    });
  }

  #checkRefusal({ detail: refusal = "", error }: Ending): void {
    const { login, reporter } = this.#options;
    const isLast = ++this.#refusals >= REFUSALS_MAX && !this.#isListening();
    const mayBeWrong = login !== undefined && (!this.#wasLetIn || isLast);
    if (mayBeWrong) throw error ?? refusedByTwitch(login, refusal);
    if (this.#refusals > 1) return;
    // A token that worked before is not mistyped: Twitch has a failure, which passes.
    const fields = { refusal: error === undefined ? refusal : String(error) };
    reporter.report("warning", "A login was refused, trying again", fields);
  }

  #isListening(): boolean {
    return [...this.#slots].some(({ connections }) =>
      connections.some(({ phase }) => phase === "welcomed")
    );
  }
}

function split(channels: Iterable<WantedChannel>): [WantedChannel[], WantedChannel[]] {
  const all = [...channels];
  return [all.filter((one) => one.isImportant), all.filter((one) => !one.isImportant)];
}
