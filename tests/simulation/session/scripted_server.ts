import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { type Micros, MILLISECOND_US } from "../../../src/core/time.ts";
import type { AbortOptions } from "../../../src/ports/batch_store.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Chunk, Connection, Transport } from "../../../src/ports/transport.ts";

/** What becomes of who connects. */
export type Welcome = "welcome" | "refuse" | "mute" | "hang";

/**
 * A chat server that does what a test says, and by itself only what every server does: it welcomes,
 * confirms JOIN and PART and answers PING. Lines take no time at all.
 */
export class ScriptedServer implements Transport {
  /** All connections there ever were. */
  readonly connections: ScriptedConnection[] = [];
  /** What becomes of the next who connect: `mute` never says a word, `hang` never even opens. */
  welcome: Welcome = "welcome";
  /** How it answers a JOIN, where that is not the usual way: lines, without line ends. */
  readonly joinAnswers = new Map<string, (nick: string) => string[]>();
  /** When each JOIN came, in order. */
  readonly joins: { atMs: number; channel: string; connection: ScriptedConnection }[] = [];
  /** When each attempt to connect came. */
  readonly attemptsMs: number[] = [];
  readonly #clock: Clock;
  readonly #startUs: Micros;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startUs = clock.elapsedUs();
  }

  get nowMs(): number {
    return (this.#clock.elapsedUs() - this.#startUs) / MILLISECOND_US;
  }

  get openConnections(): ScriptedConnection[] {
    return this.connections.filter((connection) => connection.isOpen);
  }

  async connect(
    _url: string,
    { signal }: AbortOptions = {},
  ): Promise<Connection> {
    this.attemptsMs.push(this.nowMs);
    if (this.welcome === "hang") await this.#clock.sleep(86_400_000, signal);
    else await this.#clock.sleep(20, signal);
    if (this.welcome === "refuse") throw new ChatloomError("CONNECTION_LOST", "Cannot connect");
    const connection = new ScriptedConnection(this, this.welcome === "mute");
    this.connections.push(connection);
    return connection;
  }

  answerJoin(connection: ScriptedConnection, channel: string): void {
    this.joins.push({ atMs: this.nowMs, channel, connection });
    const { nick } = connection;
    const answer = this.joinAnswers.get(channel) ?? (() => joinLines(nick, channel));
    const lines = answer(nick);
    if (lines.length > 0) connection.say(...lines);
  }
}

/** What a server says to who may come in. */
export function joinLines(nick: string, channel: string): string[] {
  return [
    `:${nick}!${nick}@${nick}.tmi.twitch.tv JOIN #${channel}`,
    `:${nick}.tmi.twitch.tv 353 ${nick} = #${channel} :${nick}`,
    `:${nick}.tmi.twitch.tv 366 ${nick} #${channel} :End of /NAMES list`,
    `@emote-only=0;room-id=1;slow=0 :tmi.twitch.tv ROOMSTATE #${channel}`,
  ];
}

/** Both ends of one connection: the client's, and what the test does with the server's. */
export class ScriptedConnection implements Connection {
  readonly incoming: AsyncIterable<Chunk> = this.#read();
  /** What the client sent, as lines without line ends. */
  readonly sent: string[] = [];
  /** All frames for the client. */
  readonly pushed: Chunk[] = [];
  /** Whether it still answers by itself. */
  isMute: boolean;
  nick = "";
  readonly #server: ScriptedServer;
  readonly #unread: Chunk[] = [];
  #end: "closed" | "broken" | undefined;
  #wake: () => void = () => {};

  constructor(server: ScriptedServer, isMute: boolean) {
    this.#server = server;
    this.isMute = isMute;
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** The channels the client asked for, in order. */
  get joins(): string[] {
    return this.sentAfter("JOIN #");
  }

  sentAfter(start: string): string[] {
    return this.sent.filter((line) => line.startsWith(start)).map((line) =>
      line.slice(start.length)
    );
  }

  /** Sends lines in one frame. */
  say(...lines: string[]): void {
    this.push(lines.map((line) => `${line}\r\n`).join(""));
  }

  /** Sends a frame. */
  push(chunk: Chunk): void {
    if (this.#end !== undefined) return;
    this.pushed.push(chunk);
    this.#unread.push(chunk);
    this.#wake();
  }

  /** The server breaks the connection. */
  break(): void {
    this.#finish("broken");
  }

  /** Either side closes the connection. */
  close(): void {
    this.#finish("closed");
  }

  send(text: string): void {
    if (this.#end !== undefined) return;
    for (const line of text.split("\r\n").slice(0, -1)) {
      this.sent.push(line);
      if (!this.isMute) this.#answer(line);
    }
  }

  #answer(line: string): void {
    const [command, param = ""] = line.split(" ");
    if (command === "PING") this.say(`:tmi.twitch.tv PONG tmi.twitch.tv ${param}`);
    if (command === "JOIN") this.#server.answerJoin(this, param.slice(1));
    if (command === "PART") this.say(`:${this.nick}!${this.nick}@tmi.twitch.tv PART ${param}`);
    if (command !== "NICK") return;
    this.nick = param;
    this.say(
      ":tmi.twitch.tv CAP * ACK :twitch.tv/tags twitch.tv/commands twitch.tv/membership",
      `:tmi.twitch.tv 001 ${param} :Welcome, GLHF!`,
      `:tmi.twitch.tv 376 ${param} :>`,
    );
  }

  #finish(end: "closed" | "broken"): void {
    this.#end ??= end;
    this.#wake();
  }

  async *#read(): AsyncGenerator<Chunk> {
    for (;;) {
      const chunk = this.#unread.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#end === "broken") throw new ChatloomError("CONNECTION_LOST", "It broke");
      else if (this.#end !== undefined) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
