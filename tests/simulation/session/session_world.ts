import assert from "node:assert/strict";
import type { ChatListener, ReceivedLine } from "../../../src/engine/session/lines/listener.ts";
import {
  type ChatPool,
  chatPool,
  type ChatPoolOptions,
} from "../../../src/engine/session/chat_pool.ts";
import type { WantedChannel } from "../../../src/engine/session/membership.ts";
import type { Reporter, ReportFields, Severity } from "../../../src/ports/reporter.ts";
import type { Transport } from "../../../src/ports/transport.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { type VirtualClock, virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { ScriptedServer } from "./scripted_server.ts";

/** What decides chance; set it to replay a failure. */
export const SEED: string = globalThis.process?.env["SIM_SEED"] ?? "session";

/** What a listener was told, in order. */
export type Heard =
  | { readonly what: "opened"; readonly receiver: string }
  | { readonly what: "received"; readonly receiver: string; readonly lines: string[] }
  | { readonly what: "closed"; readonly receiver: string; readonly fragment: string | undefined };

/** What a reporter was told. */
export interface Report {
  readonly severity: Severity;
  readonly message: string;
  readonly fields: ReportFields;
}

/** A pool on a virtual clock, and all that it told others. */
export class SessionWorld {
  readonly clock: VirtualClock;
  readonly server: ScriptedServer;
  readonly heard: Heard[] = [];
  readonly reports: Report[] = [];
  readonly counts = new Map<string, number>();
  readonly pool: ChatPool;
  /** Called on every batch of lines, before it is noted. */
  onReceived: (receiver: string, lines: readonly ReceivedLine[]) => void = () => {};
  readonly #stop = new AbortController();
  #outcome: Promise<unknown> | undefined;

  constructor(
    options: Partial<ChatPoolOptions> & { readonly seed?: string } = {},
    clock: VirtualClock = virtualClock(),
  ) {
    const { seed = SEED, ...rest } = options;
    this.clock = clock;
    this.server = new ScriptedServer(clock);
    this.pool = chatPool({
      url: "ws://simulated",
      transport: this.server as Transport,
      clock: this.clock,
      random: seededRandom(seed),
      reporter: this.#reporter(),
      listener: this.#listener(),
      runName: "test.abcde",
      ...rest,
    });
  }

  /** Starts the pool and lets `ms` pass. */
  async start(channels: Iterable<string | WantedChannel>, ms = 2_000): Promise<void> {
    this.pool.setChannels(wanted(channels));
    this.#outcome = this.pool.run(this.#stop.signal).then(() => undefined, (error) => error);
    await this.clock.advance(ms);
  }

  /** Stops the pool and checks that it leaves nothing behind. Returns what `run` rejected with. */
  async stop(): Promise<unknown> {
    this.#stop.abort();
    return await this.ended();
  }

  /** Waits, at most a minute, until the pool has ended by itself. */
  async ended(): Promise<unknown> {
    assert.ok(this.#outcome !== undefined);
    const error = await this.clock.run(this.#outcome, { limitMs: 60_000 });
    assert.equal(this.clock.sleeperCount, 0, "a timer is left");
    assert.deepEqual(this.server.openConnections, [], "a connection is left");
    const opened = this.heard.filter(({ what }) => what === "opened").map((one) => one.receiver);
    const closed = this.heard.filter(({ what }) => what === "closed").map((one) => one.receiver);
    assert.deepEqual(closed.sort(), opened.sort(), "each that opened closes once");
    assert.equal(new Set(opened).size, opened.length, "receivers are unique");
    return error;
  }

  /** The lines that were handed on, those of `receiver` if told. */
  lines(receiver?: string): string[] {
    return this.heard.flatMap((one) =>
      one.what === "received" && (receiver ?? one.receiver) === one.receiver ? one.lines : []
    );
  }

  /** What was reported about `message`, as severities with one of the fields. */
  told(message: string, field: string): string[] {
    return this.reports.filter((one) => one.message === message)
      .map(({ severity, fields }) => `${severity} ${fields[field]}`);
  }

  /** What a counter stands at. */
  count(name: string, label = ""): number {
    return this.counts.get(label === "" ? name : `${name} ${label}`) ?? 0;
  }

  #listener(): ChatListener {
    return {
      opened: (receiver) => void this.heard.push({ what: "opened", receiver }),
      received: (receiver, lines) => {
        this.onReceived(receiver, lines);
        this.heard.push({ what: "received", receiver, lines: lines.map(({ line }) => line) });
      },
      closed: (receiver, fragment) => void this.heard.push({ what: "closed", receiver, fragment }),
    };
  }

  #reporter(): Reporter {
    return {
      report: (severity, message, fields = {}) =>
        void this.reports.push({ severity, message, fields }),
      count: (name, labels = {}, amount = 1) => {
        const key = [name, ...Object.values(labels)].join(" ");
        this.counts.set(key, (this.counts.get(key) ?? 0) + amount);
      },
    };
  }
}

/** Channels by name; `name!` is important. */
export function wanted(channels: Iterable<string | WantedChannel>): WantedChannel[] {
  return [...channels].map((channel) =>
    typeof channel !== "string"
      ? channel
      : { name: channel.replace("!", ""), isImportant: channel.endsWith("!") }
  );
}

/** `count` channels: `c0`, `c1`, … */
export function manyChannels(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `c${i}`);
}
