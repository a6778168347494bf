import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import { between, chance, pick, type SeededRandom } from "../chance/seeded_random.ts";
import { type ClientLine, parseClientLine, withoutTags } from "../twitch_lines/client_line.ts";
import type { Framing } from "./trouble/framing.ts";
import { GARBAGE_KINDS, garbageFrames, type GarbageKind } from "./trouble/garbage.ts";
import { type AccountKind, CHANNELS_MAX, JoinLimit } from "./join_limit.ts";
import { LoginExchange, type LoginStep } from "./login_exchange.ts";
import { SendQueue } from "./send_queue.ts";
import type { Listener, Room } from "./room.ts";
import type { Schedule } from "./schedule.ts";
import {
  type Capability,
  pingLine,
  pongLine,
  RECONNECT_LINE,
  unknownCommandLine,
} from "../twitch_lines/server_lines.ts";
import type { LinkListener, ServerLink } from "./server_link.ts";
import type { TrueEvent, Truth, ViolationKind } from "./truth.ts";
import { Visits } from "./visits.ts";

/** One client's connection, for tests and fault plans. */
export interface SimulatedConnection {
  /** Counts connections, from 1; its name in the truth. */
  readonly number: number;
  /** Who logged in, or `undefined` before that. */
  readonly nick: string | undefined;
  /** The channels it is in, without `#`. */
  readonly channels: readonly string[];
  /** False once either side has ended it. A half-open one is open. */
  readonly isOpen: boolean;

  /** Breaks the connection, or closes it with a close frame. Frames that are not sent yet are lost. */
  drop(options?: { readonly withCloseFrame?: boolean }): void;
  /** Stops sending and reading, but leaves the connection open. */
  halfOpen(): void;
  /** Tells the client to connect again, and breaks the connection after `deathAfterMs`. */
  reconnect(options: { readonly deathAfterMs: number }): void;
  /** Sends nothing for `ms` milliseconds, then the whole queue. */
  stall(ms: number): void;
  /** Sends garbage between two lines, by default of a random kind. */
  garbage(kind?: GarbageKind): void;
  /** Sends `line` to this client alone. It is no event. */
  tell(line: string): void;
}

/** What all connections share. */
export interface ServerWorld {
  /** Twitch's clock, and its scheduled events. */
  readonly schedule: Schedule;
  /** The truth. */
  readonly truth: Truth;
  /** How connections behave. */
  readonly settings: ConnectionSettings;
  /** The room of that name, or `undefined` if there is none. */
  room(channel: string): Room | undefined;
  /** What counts the JOINs of the account called `nick`, on all its connections. */
  joinLimitOf(nick: string): JoinLimit;
  /** Called when a client has come into a room. */
  onJoin(channel: string, connection: SimulatedConnection): void;
  /** Called when a connection is closed. */
  onEnd(connection: SimulatedConnection): void;
}

/** How connections behave. */
export interface ConnectionSettings {
  /** The token that is accepted. */
  readonly token: string;
  /** What clients are, and so what they may: all of them alike. */
  readonly account: AccountKind;
  /** How lines become frames. */
  readonly framing: Framing;
  /** How long a line takes to the client: each connection gets one lag from this range. */
  readonly lagMs: readonly [number, number];
  /** What is added to the lag of each line, from this range. */
  readonly jitterMs: readonly [number, number];
  /** How often the server sends a PING. */
  readonly pingIntervalMs: number;
  /** How long the client may take to answer it, and to log in. */
  readonly patienceMs: number;
  /** After how many events a PING with their count is sent, 0 for never. */
  readonly probeEvery: number;
  /** How likely a JOIN is answered without ROOMSTATE. */
  readonly missingRoomStateChance: number;
}

const CLIENT_FRAME_MAX = 16 * 1024;
const HALF_OPEN_MS = 600_000;
const NEEDS_COMMANDS = new Set(
  "CLEARCHAT CLEARMSG HOSTTARGET NOTICE ROOMSTATE USERNOTICE USERSTATE".split(" "),
);

/** The server's side of one connection: answers the client and sends it the events of its rooms. */
export class ServerConnection implements SimulatedConnection, LinkListener, Listener {
  readonly number: number;
  readonly #world: ServerWorld;
  readonly #link: ServerLink;
  readonly #random: SeededRandom;
  readonly #login: LoginExchange;
  readonly #visits: Visits;
  readonly #sendQueue: SendQueue;
  readonly #lagMs: number;
  #joinLimit: JoinLimit | undefined;
  #state: "open" | "silent" | "over" = "open";
  #heardUs: Micros;

  /** A connection that was just opened. */
  constructor(
    number: number,
    { link, world, random }: {
      readonly link: ServerLink;
      readonly world: ServerWorld;
      readonly random: SeededRandom;
    },
  ) {
    const { schedule, truth, settings } = world;
    this.number = number;
    this.#world = world;
    this.#link = link;
    this.#random = random;
    this.#login = new LoginExchange(settings.token);
    this.#visits = new Visits({
      me: this,
      joinLimit: (nick) => this.#joinLimit ??= this.#limitOf(nick),
      roomsMax: CHANNELS_MAX[settings.account],
      login: this.#login,
      nowUs: () => schedule.nowUs(),
      room: (channel) => world.room(channel),
      tell: (line) => this.tell(line),
      violate: (kind, detail) => this.#violate(kind, detail),
      onJoin: (channel) => world.onJoin(channel, this),
      forgetsRoomState: () => chance(random, settings.missingRoomStateChance),
    });
    this.#lagMs = between(random, settings.lagMs);
    this.#heardUs = schedule.nowUs();
    this.#sendQueue = new SendQueue({
      link,
      schedule,
      random: random.fork("frames"),
      framing: settings.framing,
      probeEvery: settings.probeEvery,
      onDelivery: (event) => truth.addDelivery(number, { event, atUs: schedule.nowUs() }),
      onOverflow: () => {
        this.#violate("too-slow", "too much has piled up");
        this.drop();
      },
    });
    truth.addConnection(number, schedule.nowUs());
    schedule.after(settings.patienceMs, () => {
      if (this.nick === undefined) this.#end("no login", { withCloseFrame: true });
    });
    schedule.after(settings.pingIntervalMs, () => this.#ping());
  }

  get nick(): string | undefined {
    return this.#login.nick;
  }

  get channels(): readonly string[] {
    return this.#visits.channels;
  }

  get isOpen(): boolean {
    return this.#state !== "over";
  }

  drop({ withCloseFrame = false }: { readonly withCloseFrame?: boolean } = {}): void {
    this.#end(withCloseFrame ? "closed" : "dropped", { withCloseFrame });
  }

  halfOpen(): void {
    if (this.#state !== "open") return;
    this.#state = "silent";
    this.#sendQueue.discard();
    this.#link.silence();
    this.#visits.end();
    const forget = (): void => this.#end("half-open for too long", { withCloseFrame: false });
    this.#world.schedule.after(HALF_OPEN_MS, forget);
  }

  reconnect({ deathAfterMs }: { readonly deathAfterMs: number }): void {
    this.tell(RECONNECT_LINE);
    this.#world.schedule.after(deathAfterMs, () => this.drop());
  }

  stall(ms: number): void {
    this.#sendQueue.stall(this.#world.schedule.nowUs() + ms * MILLISECOND_US);
  }

  garbage(kind: GarbageKind = pick(this.#random, GARBAGE_KINDS)): void {
    this.#sendQueue.put({ frames: garbageFrames(kind, this.#random) }, this.#arrivalUs());
  }

  tell(line: string): void {
    if (this.#state === "open") this.#sendQueue.put({ line }, this.#arrivalUs());
  }

  hear({ seq, command, line }: TrueEvent): void {
    if (this.#state !== "open" || !this.#mayHear(command)) return;
    const text = this.#login.has("twitch.tv/tags") ? line : withoutTags(line);
    this.#sendQueue.put({ line: text, event: seq }, this.#arrivalUs());
  }

  received(text: string): void {
    if (this.#state !== "open") return;
    if (text.length > CLIENT_FRAME_MAX) {
      return this.#violate("overlong-line", `a frame of ${text.length} characters`);
    }
    this.#heardUs = this.#world.schedule.nowUs();
    for (const line of text.split(/\r?\n/)) {
      const parsed = parseClientLine(line);
      if (parsed !== undefined && this.#state === "open") this.#obey(parsed);
    }
  }

  gone(): void {
    this.#end("gone", { withCloseFrame: false });
  }

  #obey({ command, params }: ClientLine): void {
    switch (command) {
      case "CAP":
        return this.#answer(this.#login.cap(params));
      case "PASS":
        return this.#answer(this.#login.pass(params));
      case "NICK":
        return this.#signIn(params);
      case "PING":
        return this.tell(pongLine(params[0]));
      case "PONG":
        return this.#acknowledge(params[0] ?? "");
      case "QUIT":
        return this.#hangUp("quit");
    }
    const nick = this.nick;
    if (nick === undefined) return this.#violate("not-logged-in", command);
    if (command === "JOIN") return this.#visits.join(params[0] ?? "", nick);
    if (command === "PART") return this.#visits.part(params[0] ?? "", nick);
    // A recorder only listens; the simulation ignores what a client says.
    if (command !== "PRIVMSG") this.tell(unknownCommandLine(nick, command));
  }

  #answer({ lines, isRefused = false }: LoginStep): void {
    for (const line of lines) this.tell(line);
    if (isRefused) this.#hangUp("login refused");
  }

  #signIn(params: readonly string[]): void {
    const hadNick = this.nick !== undefined;
    this.#answer(this.#login.signIn(params));
    if (hadNick || this.nick === undefined) return;
    const atUs = this.#world.schedule.nowUs();
    this.#world.truth.addLogin(this.number, { nick: this.nick, atUs });
  }

  #acknowledge(text: string): void {
    const count = /^\d{1,12}$/.test(text) ? Number(text) : 0;
    if (count === 0 || count > this.#sendQueue.probedCount) return;
    const atUs = this.#world.schedule.nowUs();
    this.#world.truth.addAcknowledgement(this.number, { count, atUs });
  }

  #ping(): void {
    if (this.#state !== "open") return;
    const { schedule, settings } = this.#world;
    const askedUs = schedule.nowUs();
    this.tell(pingLine());
    schedule.after(settings.pingIntervalMs, () => this.#ping());
    schedule.after(settings.patienceMs, () => {
      if (this.#state !== "open" || this.#heardUs >= askedUs) return;
      this.#violate("ping-unanswered", `for ${settings.patienceMs} ms`);
      this.drop();
    });
  }

  /** Each connection without an account counts for itself, which is kinder than Twitch may be. */
  #limitOf(nick: string): JoinLimit {
    const { settings, joinLimitOf } = this.#world;
    return this.#login.isAnonymous ? new JoinLimit(settings.account) : joinLimitOf(nick);
  }

  #mayHear(command: string): boolean {
    const needs: Capability | undefined = NEEDS_COMMANDS.has(command)
      ? "twitch.tv/commands"
      : command === "JOIN" || command === "PART"
      ? "twitch.tv/membership"
      : undefined;
    return needs === undefined || this.#login.has(needs);
  }

  #arrivalUs(): Micros {
    const lagMs = this.#lagMs + between(this.#random, this.#world.settings.jitterMs);
    return this.#world.schedule.nowUs() + Math.round(lagMs * MILLISECOND_US);
  }

  #violate(kind: ViolationKind, detail: string): void {
    const atUs = this.#world.schedule.nowUs();
    this.#world.truth.addViolation({ connection: this.number, atUs, kind, detail });
  }

  /** Ends the connection with a close frame, after all queued frames. */
  #hangUp(because: string): void {
    const act = (): void => this.#end(because, { withCloseFrame: true });
    this.#sendQueue.put({ act }, this.#arrivalUs());
  }

  #end(because: string, { withCloseFrame }: { readonly withCloseFrame: boolean }): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#visits.end();
    this.#sendQueue.discard();
    if (withCloseFrame) this.#link.close();
    else this.#link.destroy();
    this.#world.truth.addClose(this.number, { because, atUs: this.#world.schedule.nowUs() });
    this.#world.onEnd(this);
  }
}
