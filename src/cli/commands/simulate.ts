import { Command, InvalidArgumentError, Option } from "commander";
import { isChannelName } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { parseFaults, type TwitchFaults } from "../../testing/simulated_twitch/faults.ts";
import type { Framing } from "../../testing/simulated_twitch/trouble/framing.ts";
import type { SimulatedChannel } from "../../testing/simulated_twitch/simulated_twitch.ts";
import { contextOf } from "../frame/context.ts";
import { readInput } from "../arguments/input_file.ts";
import { examplesOf } from "../frame/program.ts";
import { type ServedTwitch, serveSimulatedTwitch } from "../simulation/serve_simulated_twitch.ts";
import { openTruthFile, type TruthFile } from "../simulation/truth_file.ts";

/** The settings of `chatloom simulate`. */
export interface SimulateOptions {
  /** Where to listen. */
  readonly listen: { readonly hostname: string; readonly port: number };
  /** Seeds all that is random. */
  readonly seed: string;
  /** Lines a second in each channel; 0 for silence. */
  readonly rate?: number;
  /** The channels that exist. @default any channel */
  readonly channels?: readonly string[];
  /** Channels that refuse a JOIN as suspended. */
  readonly suspended?: readonly string[];
  /** Channels that refuse a JOIN as banned. */
  readonly banned?: readonly string[];
  /** A file of raw lines to play instead of generated chat; `-` for standard input. */
  readonly play?: string;
  /** How many times as fast to play. */
  readonly speed: number;
  /** How often to play; 0 for ever. */
  readonly passes: number;
  /** Where to write what really happened. */
  readonly truth?: string;
  /** The faults to inject, and how lines become frames. */
  readonly faults?: { readonly faults: TwitchFaults; readonly framing: Framing };
  /** After how many lines a PING asks whether the client has read them; 0 for never. */
  readonly probeEvery: number;
  /** The token that logs in an account. */
  readonly token: string;
  /** Whether clients may do what verified bots may. */
  readonly verified?: boolean;
  /** How far Twitch's clock is ahead of ours, in milliseconds. */
  readonly serverAhead: number;
  /** Ends by itself after this many seconds. */
  readonly duration?: number;
}

/** Further options of {@link simulate}. */
export interface SimulateContext {
  /** Ends the simulation, in good order. */
  readonly signal: AbortSignal;
  /** Takes the log. */
  readonly reporter: Reporter;
  /** Called with the address, once the simulation listens. */
  readonly onListening?: (served: ServedTwitch) => void | Promise<void>;
}

const PLAY_MAX_BYTES = 1024 * 1024 * 1024;
const TIMER_MAX_MS = 2 ** 31 - 1; // What a timer can count: 24 days.

/**
 * Runs a simulated Twitch until `signal` aborts or its time is over.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` for the capture to play, `STORE_IO` for the truth,
 * `CONNECTION_LOST` when it cannot listen.
 */
export async function simulate(options: SimulateOptions, context: SimulateContext): Promise<void> {
  const { signal, reporter } = context;
  const lines = options.play === undefined ? undefined : await linesOf(options.play, signal);
  const truthFile = options.truth === undefined ? undefined : openTruthFile(options.truth);
  const over = new AbortController();
  try {
    const served = await serve(options, { lines, truthFile });
    try {
      if (served.skippedCount > 0) {
        const fields = { lines: served.skippedCount, file: options.play };
        reporter.report("warning", "Some lines are not played: they are not a channel's", fields);
      }
      await context.onListening?.(served);
      await Promise.race([
        endOf(options, { signal, over: over.signal }),
        ...(truthFile === undefined ? [] : [truthFile.failed]),
      ]);
    } finally {
      over.abort();
      await served.close();
      reportOutcome(served, reporter);
    }
  } finally {
    truthFile?.close();
  }
}

async function linesOf(path: string, signal: AbortSignal): Promise<string[]> {
  const bytes = await readInput(path, { maxBytes: PLAY_MAX_BYTES, signal });
  return new TextDecoder().decode(bytes).split("\n");
}

async function serve(
  options: SimulateOptions,
  { lines, truthFile }: {
    readonly lines: readonly string[] | undefined;
    readonly truthFile: TruthFile | undefined;
  },
): Promise<ServedTwitch> {
  const { rate, speed, passes, probeEvery, token, seed, serverAhead, faults } = options;
  const channels = channelsOf(options);
  const isPlayingOnly = lines !== undefined && rate === undefined;
  const served = serveSimulatedTwitch({
    ...options.listen,
    seed,
    token,
    account: options.verified ? "verified" : "plain",
    probeEvery,
    serverAheadMs: serverAhead,
    chat: isPlayingOnly || rate === 0 ? false : { ratePerSecond: rate ?? 2 },
    truth: {
      isKept: false,
      onRecord: truthFile && ((record) => truthFile.write(record)),
    },
    channels,
    ...(faults ?? {}),
    play: lines && { lines, speed, passes: passes || Infinity },
  });
  return await served.catch((cause) => {
    if (!(cause instanceof RangeError)) throw cause;
    const what = `"${options.play}": ${cause.message}`;
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read ${what}`, { cause });
  });
}

/** All channels that were named, or `undefined` if any may exist. */
function channelsOf(
  { channels, suspended = [], banned = [] }: SimulateOptions,
): SimulatedChannel[] | undefined {
  if (channels === undefined && suspended.length + banned.length === 0) return undefined;
  return [
    ...(channels ?? []).map((name) => ({ name })),
    ...suspended.map((name) => ({ name, access: "suspended" as const })),
    ...banned.map((name) => ({ name, access: "banned" as const })),
  ];
}

/** Resolves when the simulation should end. `over` aborts when it ends for another reason. */
function endOf({ duration }: SimulateOptions, { signal, over }: EndSignals): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true, signal: over });
    if (duration === undefined) return; // The server's socket keeps the process alive.
    const timer = setTimeout(resolve, Math.min(duration * 1000, TIMER_MAX_MS));
    over.addEventListener("abort", () => clearTimeout(timer), { once: true });
  });
}

interface EndSignals {
  readonly signal: AbortSignal;
  readonly over: AbortSignal;
}

function reportOutcome({ twitch: { truth } }: ServedTwitch, reporter: Reporter): void {
  reporter.report("info", "The simulation is over", {
    events: truth.eventCount,
    deliveries: truth.deliveryCount,
    connections: truth.connections.length,
    violations: truth.violations.length,
  });
  for (const { kind, connection, detail } of truth.violations.slice(0, 20)) {
    reporter.report("warning", "A client broke a rule of Twitch", { kind, connection, detail });
  }
}

/** `chatloom simulate`: a simulated Twitch for testing recorders. */
export function simulateCommand(): Command {
  return new Command("simulate")
    .description("run a Twitch chat server that generates or plays chat, and fails on demand")
    .addOption(
      new Option("-l, --listen <host:port>", "where to listen; port 0 takes a free one")
        .argParser(parseListen).default({ hostname: "127.0.0.1", port: 0 }, "127.0.0.1:0"),
    )
    .option("-s, --seed <text>", "the seed of all that is random", "1")
    .option("-r, --rate <lines>", "lines a second in each channel", parseAmount)
    .option(
      "-c, --channels <names>",
      "the channels that exist, separated by commas (default: any)",
      parseChannels,
    )
    .option("--suspended <names>", "channels that are suspended", parseChannels)
    .option("--banned <names>", "channels from which everyone is banned", parseChannels)
    .option("-p, --play <file>", "play raw lines, plain or gzipped, from the first JOIN on")
    .addOption(
      new Option("--speed <factor>", "how many times as fast to play")
        .argParser(parseFactor).default(1),
    )
    .addOption(
      new Option("--passes <count>", "how often to play, 0 for ever").argParser(parseCount)
        .default(1),
    )
    .option("-t, --truth <file>", "write what really happened and which client was sent what")
    .option(
      "-f, --faults <list>",
      "faults to inject: drop=0.01,split=0.2,reconnect@30",
      parseFaultFlag,
    )
    .addOption(
      new Option("--probe-every <lines>", "after every <lines> lines, send a PING with their count")
        .argParser(parseCount).default(0),
    )
    .option("--token <text>", "the token that logs in an account", "simulated")
    .option("--verified", "allow clients what verified bots may: 2,000 JOINs in 10 s")
    .addOption(
      new Option("--server-ahead <ms>", "how far Twitch's clock is ahead of ours")
        .argParser(parseMilliseconds).default(0),
    )
    .option("-d, --duration <seconds>", "end after this time", parseAmount)
    .addHelpText("after", HELP)
    .action(async (flags: SimulateOptions, command: Command) => {
      const { signal, reporter, print } = contextOf(command);
      await simulate(flags, {
        signal,
        reporter,
        onListening: ({ url }) => print(`Simulated Twitch at ${url} (seed ${flags.seed})\n`),
      });
    });
}

const HELP = `
Faults, for each connection: close, drop, garbage, half-open, reconnect, stall. NAME=P happens
each second with probability P; NAME@S after S seconds to all, NAME@S:N to connection number N.
refuse=P for each connection, no-roomstate=P for each JOIN, split=P and bytes=P for each frame.
${
  examplesOf([
    "chatloom simulate --listen 127.0.0.1:8099 --rate 20",
    "chatloom simulate --play capture.txt.gz --speed 10 --truth truth.ndjson",
    "chatloom simulate --seed 7 --rate 100 --faults drop=0.01,garbage=0.05,split=0.1",
  ])
}`;

function parseListen(text: string): { hostname: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new InvalidArgumentError("It must look like 127.0.0.1:8099.");
  }
  return { hostname: match[1] ?? match[2] ?? "", port };
}

function parseChannels(text: string): string[] {
  const names = text.split(",").map((name) => name.trim().replace(/^#/, "").toLowerCase());
  const wrong = names.find((name) => !isChannelName(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is no channel's name.`);
  return names;
}

function parseFaultFlag(text: string): { faults: TwitchFaults; framing: Framing } {
  try {
    return parseFaults(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : String(error));
  }
}

function parseAmount(text: string): number {
  if (!/^\d{1,9}(\.\d+)?$/.test(text)) throw new InvalidArgumentError("It must be a number.");
  return Number(text);
}

function parseFactor(text: string): number {
  const factor = parseAmount(text);
  if (factor === 0) throw new InvalidArgumentError("It must be above zero.");
  return factor;
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function parseMilliseconds(text: string): number {
  if (!/^-?\d{1,12}$/.test(text)) throw new InvalidArgumentError("It must be whole milliseconds.");
  return Number(text);
}
