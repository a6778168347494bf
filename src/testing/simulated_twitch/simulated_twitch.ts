/**
 * A Twitch chat server without sockets: speaks like TMI, generates chat, fails on demand and
 * knows the truth.
 *
 * ```ts
 * import { seededRandom, SimulatedTwitch, virtualClock } from "@chatloom/chatloom/testing";
 *
 * const clock = virtualClock();
 * const twitch = new SimulatedTwitch({ clock, random: seededRandom(1), channels: ["forsen"] });
 * const connection = await clock.run(twitch.transport().connect("ws://simulated"));
 * connection.send("CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership\r\n");
 * connection.send("NICK justinfan123\r\nJOIN #forsen\r\n");
 * // … clock.advance(60_000), read connection.incoming …
 * twitch.truth.deliveredTo(1); // the events that connection number 1 was sent
 * twitch.truth.violations; // what the client did that it may not
 * twitch.connections[0]?.drop(); // .halfOpen(), .reconnect({ deathAfterMs }), .stall(ms), .garbage()
 * twitch.refuse("unavailable", { count: 3 });
 * twitch.say("forsen", { text: "hello" }); // or twitch.publish({ channel, line })
 * twitch.close();
 * ```
 *
 * Behind a real WebSocket server it is `serveSimulatedTwitch` of the CLI.
 *
 * @module
 */
import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Transport } from "../../ports/transport.ts";
import { type ChatOptions, generatedChat } from "../generated_chat/generated_chat.ts";
import { between, chance, pick, type SeededRandom } from "../chance/seeded_random.ts";
import type { ChatSource, TimedLine } from "../generated_chat/chat_source.ts";
import { factsOfServerLine } from "../twitch_lines/client_line.ts";
import { applyChance, applyFault, type TwitchFaults } from "./faults.ts";
import { JoinLimit } from "./join_limit.ts";
import { memoryTransport } from "./memory_transport.ts";
import { Room, type RoomAccess } from "./room.ts";
import { Schedule } from "./schedule.ts";
import { type ConnectionSettings, ServerConnection } from "./server_connection.ts";
import type { SimulatedConnection } from "./server_connection.ts";
import { userIdOf } from "../twitch_lines/server_lines.ts";
import type { Admission, LinkListener, ServerLink } from "./server_link.ts";
import { type TrueEvent, Truth, type TruthOptions } from "./truth.ts";

/** One channel of a simulation. */
export interface SimulatedChannel {
  /** Without `#`. */
  readonly name: string;
  /** The answer to a JOIN. @default `open` */
  readonly access?: RoomAccess;
  /** How it generates chat, where that differs from the other channels; `false` for none. */
  readonly chat?: ChatOptions | false;
}

/** What a {@link SimulatedTwitch} works with. */
export interface SimulatedTwitchOptions extends Partial<ConnectionSettings> {
  /** The source of time. Twitch's own clock starts with its wall clock, and never steps. */
  readonly clock: Clock;
  /** The source of random numbers. */
  readonly random: SeededRandom;
  /** The channels that exist. By default any does, and begins to chat when it is joined. */
  readonly channels?: readonly (string | SimulatedChannel)[] | undefined;
  /** How channels generate chat; `false` for none. */
  readonly chat?: ChatOptions | false;
  /** Further sources of chat, such as `playback`. */
  readonly sources?: readonly ChatSource[];
  /** The faults. */
  readonly faults?: TwitchFaults;
  /** What is done with the truth. By default it is kept in memory. */
  readonly truth?: TruthOptions;
  /** How far Twitch's clock is ahead of `clock`. May be negative. @default 0 */
  readonly serverAheadMs?: number;
  /** Everything happens at multiples of this. For real clocks, 5 saves timers. @default 0 */
  readonly quantumMs?: number;
  /** Called when a client has joined a channel. */
  readonly onJoin?: (channel: string, connection: SimulatedConnection) => void;
  /** Ends the simulation, as `close` does. */
  readonly signal?: AbortSignal | undefined;
}

const SETTINGS: ConnectionSettings = {
  token: "simulated",
  account: "plain",
  framing: {},
  lagMs: [15, 80],
  jitterMs: [0, 5],
  pingIntervalMs: 300_000,
  patienceMs: 30_000,
  probeEvery: 0,
  missingRoomStateChance: 0,
};

const CHANNEL = /^[a-z0-9_]{1,25}$/;

/** A Twitch chat server without sockets. It runs from the moment it is made until it is closed. */
export class SimulatedTwitch {
  /** The truth: what really happened. */
  readonly truth: Truth;
  readonly #options: SimulatedTwitchOptions;
  readonly #settings: ConnectionSettings;
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #faultRandom: SeededRandom;
  readonly #rooms = new Map<string, Room>();
  readonly #connections = new Set<ServerConnection>();
  readonly #joinLimits = new Map<string, JoinLimit>();
  readonly #over = new AbortController();
  readonly #refusals: Admission[] = [];
  #refuseAlways: Admission | undefined;
  #connectionCount = 0;

  /** Begins a simulation. */
  constructor(options: SimulatedTwitchOptions) {
    const { clock, random, faults = {} } = options;
    this.#options = options;
    this.#settings = { ...SETTINGS, ...givenSettings(options) };
    this.#random = random;
    this.#faultRandom = random.fork("faults");
    this.truth = new Truth(options.truth);
    this.#schedule = new Schedule({
      clock,
      startUs: clock.wallUs() + Math.round((options.serverAheadMs ?? 0) * MILLISECOND_US),
      quantumMs: options.quantumMs ?? 0,
      signal: this.#over.signal,
    });
    const { signal } = this.#over;
    options.signal?.addEventListener("abort", () => this.close(), { once: true, signal });
    if (options.signal?.aborted) this.close(); // Later events do nothing.
    for (const channel of options.channels ?? []) this.open(channel);
    for (const source of options.sources ?? []) this.play(source);
    this.#plan(faults);
  }

  /** What Twitch's clock shows. */
  get nowUs(): Micros {
    return this.#schedule.nowUs();
  }

  /** The connections that are open now, in the order they were opened. */
  get connections(): readonly SimulatedConnection[] {
    return [...this.#connections];
  }

  /** True once {@link SimulatedTwitch.close} was called or the signal has aborted. */
  get isClosed(): boolean {
    return this.#over.signal.aborted;
  }

  /** Connections to this server within the process, on the simulation's clock. Takes any URL. */
  transport(): Transport {
    const random = this.#random.fork("transport");
    const connectMs = (): number => between(random, this.#settings.lagMs);
    return memoryTransport(this, { clock: this.#options.clock, connectMs });
  }

  /** Adds a channel, which begins to chat. For an existing one only the access changes. */
  open(channel: string | SimulatedChannel): void {
    const { name, access = "open", chat = this.#options.chat ?? {} } = typeof channel === "string"
      ? { name: channel }
      : channel;
    const known = this.#rooms.get(name);
    if (known !== undefined) {
      known.access = access;
      return;
    }
    const room = new Room(name, access);
    this.#rooms.set(name, room);
    if (chat === false || access !== "open") return;
    const life = generatedChat(name, {
      ...chat,
      roomId: room.roomId,
      startUs: this.nowUs,
      random: this.#random.fork(`channel ${name}`),
    });
    room.settings = () => life.settings();
    room.chatters = () => life.chatters();
    for (const source of life.sources) this.play(source);
  }

  /** Publishes the lines of `source`, one after the other, each at its time. */
  play(source: ChatSource): void {
    const line = source.next();
    if (line === undefined) return;
    this.#schedule.at(line.timeUs, () => {
      this.publish(line);
      this.play(source);
    });
  }

  /** Turns away the next `count` connections, by default all. `open` ends that. */
  refuse(admission: Admission, { count = Infinity }: { readonly count?: number } = {}): void {
    this.#refusals.length = 0;
    this.#refuseAlways = admission !== "open" && count === Infinity ? admission : undefined;
    if (admission === "open" || count === Infinity) return;
    for (let i = 0; i < count; i++) this.#refusals.push(admission);
  }

  /** Whether the next connection is admitted. Servers call this once for each, before they accept it. */
  admit(): Admission {
    if (this.isClosed) return "refused";
    const planned = this.#refuseAlways ?? this.#refusals.shift();
    if (planned !== undefined) return planned;
    if (!chance(this.#faultRandom, this.#options.faults?.refuseChance ?? 0)) return "open";
    return pick(this.#faultRandom, ["refused", "unavailable", "hang-up"]);
  }

  /** Accepts a connection that was admitted. Servers call this; clients use the transport. */
  accept(link: ServerLink): LinkListener {
    const number = ++this.#connectionCount;
    const connection = new ServerConnection(number, {
      link,
      random: this.#random.fork(`connection ${number}`),
      world: {
        schedule: this.#schedule,
        truth: this.truth,
        settings: this.#settings,
        room: (channel) => this.#roomOf(channel),
        joinLimitOf: (nick) => this.#joinLimitOf(nick),
        onJoin: (channel) => this.#options.onJoin?.(channel, connection),
        onEnd: () => void this.#connections.delete(connection),
      },
    });
    this.#connections.add(connection);
    return connection;
  }

  /**
   * Publishes an event in a channel now, or when `timeUs` and `arrivalUs` say, and sends it to
   * all members. A `tmi-sent-ts` in the line must be the same time; for a plain
   * message use {@link SimulatedTwitch.say}.
   */
  publish(
    { channel, line, timeUs = this.nowUs, arrivalUs = timeUs }:
      & Pick<TimedLine, "channel" | "line">
      & Partial<TimedLine>,
  ): TrueEvent {
    const command = factsOfServerLine(line)?.command ?? "";
    const event = this.truth.addEvent({ timeUs, channel, command, line });
    if (arrivalUs <= this.nowUs) this.#spread(event);
    else this.#schedule.at(arrivalUs, () => this.#spread(event));
    return event;
  }

  /** Sends a message of a user to the channel, now. */
  say(
    channel: string,
    { text, login = "someone", tags = "" }: {
      readonly text: string;
      readonly login?: string;
      /** More tags, like `first-msg=1;vip=1`. */
      readonly tags?: string;
    },
  ): TrueEvent {
    const sentMs = Math.floor(this.nowUs / MILLISECOND_US);
    const id = `00000000-0000-4000-8000-${String(this.truth.eventCount).padStart(12, "0")}`;
    const more = tags === "" ? "" : `;${tags}`;
    const line = `@badges=;color=;display-name=${login};emotes=;id=${id};room-id=${
      userIdOf(channel)
    };tmi-sent-ts=${sentMs};user-id=${
      userIdOf(login)
    }${more} :${login}!${login}@${login}.tmi.twitch.tv PRIVMSG #${channel} :${text}`;
    return this.publish({
      channel,
      line,
      timeUs: sentMs * MILLISECOND_US,
      arrivalUs: this.nowUs,
    });
  }

  /** Ends the simulation: chat stops and all connections are closed. A second call does nothing. */
  close(): void {
    if (this.isClosed) return;
    for (const connection of this.#connections) connection.drop({ withCloseFrame: true });
    this.#over.abort(new DOMException("The simulation is over", "AbortError"));
  }

  #joinLimitOf(nick: string): JoinLimit {
    const known = this.#joinLimits.get(nick);
    if (known !== undefined) return known;
    const limit = new JoinLimit(this.#settings.account);
    this.#joinLimits.set(nick, limit);
    return limit;
  }

  #roomOf(channel: string): Room | undefined {
    const isAnyThere = this.#options.channels === undefined;
    if (isAnyThere && !this.#rooms.has(channel) && CHANNEL.test(channel)) this.open(channel);
    return this.#rooms.get(channel);
  }

  #spread(event: TrueEvent): void {
    for (const member of this.#rooms.get(event.channel)?.members ?? []) member.hear(event);
  }

  #plan({ perSecond = {}, scheduled = [] }: TwitchFaults): void {
    const random = this.#faultRandom;
    for (const { fault, atMs, connection: number } of scheduled) {
      this.#schedule.after(atMs, () => {
        for (const connection of this.connections) {
          if (number === undefined || number === connection.number) {
            applyFault(connection, { fault, random });
          }
        }
      });
    }
    if (!Object.values(perSecond).some((probability) => probability > 0)) return;
    const everySecond = (): void => {
      for (const connection of this.connections) {
        applyChance(connection, { plan: { perSecond }, random });
      }
      this.#schedule.after(1_000, everySecond);
    };
    this.#schedule.after(1_000, everySecond);
  }
}

function givenSettings(options: SimulatedTwitchOptions): Partial<ConnectionSettings> {
  const { faults } = options;
  const given = Object.keys(SETTINGS).filter((key) => key in options);
  const settings = Object.fromEntries(
    given.map((key) => [key, options[key as keyof ConnectionSettings]]),
  );
  return faults?.missingRoomStateChance === undefined
    ? settings
    : { ...settings, missingRoomStateChance: faults.missingRoomStateChance };
}
