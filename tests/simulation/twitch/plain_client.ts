import type { Connection, Transport } from "../../../src/ports/transport.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import {
  SimulatedTwitch,
  type SimulatedTwitchOptions,
} from "../../../src/testing/simulated_twitch/simulated_twitch.ts";
import { type VirtualClock, virtualClock } from "../../../src/testing/time/virtual_clock.ts";

/** A client that only listens and, by default, answers PING. */
export class PlainClient {
  /** All lines that came, without CR LF. What is not UTF-8 has U+FFFD. */
  readonly lines: string[] = [];
  /** All frames that came. */
  readonly frames: (string | Uint8Array)[] = [];
  /** How it ended, once it has. */
  end: "closed" | Error | undefined;
  answersPing = true;
  readonly #connection: Connection;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(connection: Connection) {
    this.#connection = connection;
    void this.#listen();
  }

  /** The lines whose command is `command`. */
  ofCommand(command: string): string[] {
    const pattern = new RegExp(`^(@[^ ]* )?(:[^ ]* )?${command}( |$)`);
    return this.lines.filter((line) => pattern.test(line));
  }

  send(...lines: string[]): void {
    this.#connection.send(lines.map((line) => `${line}\r\n`).join(""));
  }

  /** Asks for everything, logs in without an account and joins. */
  enter(...channels: string[]): void {
    this.send(
      "CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership",
      "PASS SCHMOOPIIE",
      "NICK justinfan4711",
      `JOIN ${channels.map((name) => `#${name}`).join(",")}`,
    );
  }

  close(): void {
    this.#connection.close();
  }

  async #listen(): Promise<void> {
    try {
      for await (const frame of this.#connection.incoming) this.#take(frame);
      this.end = "closed";
    } catch (error) {
      this.end = error as Error;
    }
  }

  #take(frame: string | Uint8Array): void {
    this.frames.push(frame);
    const text = typeof frame === "string" ? frame : this.#decoder.decode(frame, { stream: true });
    const lines = (this.#rest + text).split("\r\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      this.lines.push(line);
      if (this.answersPing && line.startsWith("PING ")) this.send(`PONG ${line.slice(5)}`);
    }
  }
}

/** A simulated Twitch on a virtual clock. */
export class PlainWorld {
  readonly clock: VirtualClock = virtualClock();
  readonly twitch: SimulatedTwitch;
  readonly #transport: Transport;

  constructor(options: Partial<SimulatedTwitchOptions> & { readonly seed?: string | number } = {}) {
    const { seed = 1, ...rest } = options;
    this.twitch = new SimulatedTwitch({
      clock: this.clock,
      random: seededRandom(seed),
      ...rest,
    });
    this.#transport = this.twitch.transport();
  }

  async connect(): Promise<PlainClient> {
    return new PlainClient(await this.clock.run(this.#transport.connect("ws://simulated")));
  }

  /** Connects, logs in and joins, and lets a second pass. */
  async enter(...channels: string[]): Promise<PlainClient> {
    const client = await this.connect();
    client.enter(...channels);
    await this.clock.advance(1_000);
    return client;
  }

  /** Lets `ms` milliseconds pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** Ends the world and checks that it leaves no sleeper. */
  async end(): Promise<void> {
    this.twitch.close();
    await this.clock.advance(0);
    if (this.clock.sleeperCount > 0) throw new Error(`${this.clock.sleeperCount} still sleep`);
  }
}
