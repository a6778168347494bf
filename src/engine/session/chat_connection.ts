import { orAbort } from "../../async/abort.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import type { Micros } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { Chunk, Connection, Transport } from "../../ports/transport.ts";
import { joinLines } from "./join_lines.ts";
import { LineIntake } from "./lines/line_intake.ts";
import type { ChatListener, ReceivedLine } from "./lines/listener.ts";
import { type Credentials, loginRefusal } from "./login.ts";
import type { Membership } from "./membership.ts";
import { WakeSignal } from "./timing/wake_signal.ts";
import { keepAlive } from "./timing/keep_alive.ts";

const HELLO = "CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership";

/** The phase of a connection. */
export type ConnectionPhase = "connecting" | "greeting" | "welcomed" | "closed";

/**
 * Why a connection ended: it could not be opened (`refused`), was not welcomed in time, the other
 * side closed it or it broke, the server fell silent, Twitch refused the login, or it was stopped.
 */
export type EndReason =
  | "refused"
  | "handshake timeout"
  | "closed"
  | "lost"
  | "silent"
  | "login refused"
  | "stopped";

/** The end of a connection. */
export interface Ending {
  /** Why: one of a few reasons. */
  readonly reason: EndReason;
  /** Why, in the words of the runtime or the server, if there are any. */
  readonly detail?: string;
  /** Why there were no credentials. */
  readonly error?: ChatloomError;
}

/** Hears what the server says about the connection itself, before the next line is handled. */
export interface ConnectionObserver {
  /** The login succeeded: JOINs may go out. */
  welcomed(connection: ChatConnection): void;
  /** The server will close this connection soon and asks for a reconnect. */
  toldToReconnect(connection: ChatConnection): void;
  /** Whether this connection should join the channel. */
  wants(channel: string): boolean;
  /** A message that may tell whether the connection is in a channel. */
  heard(connection: ChatConnection, message: IrcMessage): void;
}

/** What a connection needs. */
export interface ChatConnectionOptions {
  /** Where the chat server is: `ws:` or `wss:`. */
  readonly url: string;
  /** Opens the connections. */
  readonly transport: Transport;
  /** Measures silence, waits and limits. */
  readonly clock: Clock;
  /** Takes reports of connections and channels, and counts. */
  readonly reporter: Reporter;
  /** Receives all lines. */
  readonly listener: ChatListener;
  /** Hears what the server says about the connection itself. */
  readonly observer: ConnectionObserver;
  /** Returns a new id for a connection at every call. */
  readonly nextReceiver: () => string;
  /** Returns the credentials. When it throws `LOGIN_REFUSED` the login counts as refused. */
  readonly readCredentials: () => Promise<Credentials>;
}

/** One connection to the chat server: opened, logged in, kept alive and listened to until it ends. */
export class ChatConnection {
  /** The channels it is in or should be, by name. The join queue keeps them. */
  readonly memberships: Map<string, Membership> = new Map();
  /** Whether another connection took over and this one only goes on until it dies. */
  isReplaced = false;
  readonly #options: ChatConnectionOptions;
  /** Every channel that was asked for, as `#forsen`: after a PART lines are still on their way. */
  readonly #asked = new Set<string>();
  readonly #wakeSignal = new WakeSignal();
  readonly #dialing = new AbortController();
  readonly #startedUs: Micros;
  #connection: Connection | undefined;
  #phase: ConnectionPhase = "connecting";
  #receiver: string | undefined;
  #nick = "";
  #welcomedUs: Micros | undefined;
  #heardUs: Micros;
  #ending: Ending | undefined;
  /** Resolves when the last lines are safe, if they are not yet. */
  #safe: Promise<void> | undefined;

  /** A connection that {@link ChatConnection.run} will open. */
  constructor(options: ChatConnectionOptions) {
    this.#options = options;
    this.#startedUs = this.#heardUs = options.clock.elapsedUs();
  }

  /** Its phase. */
  get phase(): ConnectionPhase {
    return this.#phase;
  }

  /** Its id, once it was open. */
  get receiver(): string | undefined {
    return this.#receiver;
  }

  /** Our name on it, in lower case. */
  get nick(): string {
    return this.#nick;
  }

  /** When it began, in elapsed time. */
  get startedUs(): Micros {
    return this.#startedUs;
  }

  /** When it was welcomed, in elapsed time, if it was. */
  get welcomedUs(): Micros | undefined {
    return this.#welcomedUs;
  }

  /** When the server was last heard, in elapsed time; before that, when the connection began. */
  get heardUs(): Micros {
    return this.#heardUs;
  }

  /** In how many channels it is. */
  get joinedCount(): number {
    let count = 0;
    for (const membership of this.memberships.values()) if (membership.state === "joined") count++;
    return count;
  }

  /** Sends one line, given without its line end. Does nothing while or once the connection is down. */
  send(line: string): void {
    if (this.#ending === undefined) this.#connection?.send(`${line}\r\n`);
  }

  /** Sends JOINs for `channels`, in as few lines as hold them or one for each; from now on their lines are taken. */
  join(
    channels: readonly string[],
    { sharesLines = false }: { readonly sharesLines?: boolean } = {},
  ): void {
    for (const channel of channels) this.#asked.add(`#${channel}`);
    const lines = sharesLines ? joinLines(channels) : channels.flatMap((name) => joinLines([name]));
    for (const line of lines) this.send(line);
  }

  /** Ends it at once. Lines that came before are still handed on. */
  stop(): void {
    this.#end({ reason: "stopped" });
  }

  /**
   * Opens and runs the connection. Resolves when it is gone and all lines were handed on.
   *
   * Rejects with what the listener threw, or `readCredentials`, `LOGIN_REFUSED` apart.
   */
  async run(): Promise<Ending> {
    const watch = this.#watch();
    try {
      const connection = await this.#open();
      if (connection !== undefined) await this.#live(connection);
      return this.#ending ?? { reason: "closed" };
    } finally {
      this.#end({ reason: "closed" });
      this.#phase = "closed";
      await watch;
    }
  }

  async #open(): Promise<Connection | undefined> {
    const { signal } = this.#dialing;
    const credentials = await orAbort(this.#readCredentials(), signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (credentials === undefined || signal.aborted) return undefined;
    try {
      const connection = await this.#options.transport.connect(this.#options.url, { signal });
      if (this.#ending !== undefined) return void connection.close();
      this.#greet(connection, credentials);
      return connection;
    } catch (error) {
      this.#end({ reason: "refused", detail: textOf(error) });
      return undefined;
    }
  }

  async #readCredentials(): Promise<Credentials | undefined> {
    try {
      return await this.#options.readCredentials();
    } catch (error) {
      if (!(error instanceof ChatloomError) || error.code !== "LOGIN_REFUSED") throw error;
      this.#end({ reason: "login refused", error });
      return undefined;
    }
  }

  #greet(connection: Connection, { pass, nick }: Credentials): void {
    this.#connection = connection;
    this.#phase = "greeting";
    this.#nick = nick.toLowerCase();
    this.send(HELLO);
    this.send(`PASS ${pass}`);
    this.send(`NICK ${nick}`);
  }

  async #live(connection: Connection): Promise<void> {
    const { clock, reporter, listener, nextReceiver } = this.#options;
    const receiver = this.#receiver = nextReceiver();
    const take = (lines: readonly ReceivedLine[]): void => this.#take(lines, receiver);
    const isAsked = (message: IrcMessage): boolean => this.#isAsked(message);
    const intake = new LineIntake({ clock, reporter, isAsked, take });
    try {
      listener.opened(receiver);
      await this.#hear(connection, intake);
    } catch (bug) {
      connection.close();
      try {
        listener.closed(receiver, intake.end());
      } catch {
        // The first failure is thrown.
      }
      throw bug;
    }
    connection.close();
    listener.closed(receiver, intake.end());
  }

  async #hear(connection: Connection, intake: LineIntake): Promise<void> {
    const chunks = connection.incoming[Symbol.asyncIterator]();
    for (;;) {
      let next: IteratorResult<Chunk>;
      try {
        next = await chunks.next();
      } catch (error) {
        return this.#end({ reason: "lost", detail: textOf(error) });
      }
      if (next.done) return this.#end({ reason: "closed" });
      this.#heardUs = this.#options.clock.elapsedUs();
      intake.push(next.value);
    }
  }

  /** Hands lines on, then answers them. */
  #take(lines: readonly ReceivedLine[], receiver: string): void {
    this.#safe = this.#options.listener.received(receiver, lines) ?? undefined;
    for (const { parsed } of lines) if (parsed?.ok) this.#obey(parsed.message);
  }

  #isAsked({ params: [target = ""] }: IrcMessage): boolean {
    if (!target.startsWith("#") || this.#asked.has(target)) return true;
    const folded = target.toLowerCase();
    return this.#asked.has(folded) || this.#options.observer.wants(folded.slice(1));
  }

  /** Answers a message that concerns the connection. Its line has been handed on. */
  #obey(message: IrcMessage): void {
    switch (message.command) {
      case "PRIVMSG": // By far the most common.
        return;
      case "PING":
        return this.#answer(message);
      case "001":
        return this.#welcome(message);
      case "RECONNECT":
        return this.#options.observer.toldToReconnect(this);
      case "CAP":
        return this.#checkCapabilities(message);
      case "JOIN":
      case "PART":
        if (message.sender?.toLowerCase() === this.#nick) break;
        return;
      case "NOTICE":
        if (this.#refusedBy(message)) return;
    }
    if (this.#phase === "welcomed") this.#options.observer.heard(this, message);
  }

  #answer({ params }: IrcMessage): void {
    // A CR inside the line would be a line end to others.
    const pong = params.length === 0 ? "PONG" : `PONG :${params.at(-1)!.replace(/[\r\0]/g, "")}`;
    if (this.#safe === undefined) this.send(pong);
    else void this.#safe.then(() => this.send(pong));
  }

  #welcome({ params }: IrcMessage): void {
    if (this.#phase !== "greeting" || this.#ending !== undefined) return;
    this.#phase = "welcomed";
    this.#welcomedUs = this.#heardUs;
    if (params[0] !== undefined) this.#nick = params[0].toLowerCase();
    this.#wakeSignal.wake();
    this.#options.observer.welcomed(this);
  }

  #checkCapabilities({ params }: IrcMessage): void {
    if (params[1] !== "NAK") return;
    // Without tags no message has an exact time. That is worse, but better than no message.
    this.#options.reporter.report("warning", "Server refuses capabilities", {
      receiver: this.#receiver,
      capabilities: params.at(-1),
    });
  }

  #refusedBy(message: IrcMessage): boolean {
    const refusal = this.#phase === "greeting" ? loginRefusal(message) : undefined;
    if (refusal !== undefined) this.#end({ reason: "login refused", detail: refusal });
    return refusal !== undefined;
  }

  #watch(): Promise<void> {
    return keepAlive({
      hasEnded: () => this.#ending !== undefined,
      isWelcomed: () => this.#welcomedUs !== undefined,
      heardUs: () => this.#heardUs,
      ping: () => this.send("PING :chatloom"),
      end: (reason) => this.#end({ reason }),
    }, { clock: this.#options.clock, wakeSignal: this.#wakeSignal });
  }

  /** The first ending counts. */
  #end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#dialing.abort();
    this.#connection?.close();
    this.#wakeSignal.wake();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
