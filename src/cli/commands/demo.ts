import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { systemClock } from "../../adapters/system/system_clock.ts";
import { contextOf, type VerbContext } from "../frame/context.ts";
import { type DemoNode, reportDemo } from "../simulation/demo_report.ts";
import { EXIT, QuietExit } from "../frame/exit.ts";
import { examplesOf } from "../frame/program.ts";
import { type ServedTwitch, serveSimulatedTwitch } from "../simulation/serve_simulated_twitch.ts";

const CHANNELS = ["demo_speedrun", "demo_chess"];
const LINES_PER_SECOND = 25;

/** `chatloom demo`: shows offline what chatloom is for. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("watch two recorders survive a broken connection and a kill, offline, in 20 s")
    .option("--archive <dir>", "keep the archives in this folder (default: a temporary one)")
    .addHelpText("after", examplesOf(["chatloom demo", "chatloom demo --archive demo"]))
    .action(async ({ archive }: { archive?: string }, command: Command) => {
      const context = contextOf(command);
      const folder = archive ?? await mkdtemp(join(tmpdir(), "chatloom-demo-"));
      const isFine = await runDemo(folder, context);
      if (!isFine) throw new QuietExit(EXIT.failed, "The demo has found something wrong");
    });
}

async function runDemo(folder: string, context: VerbContext): Promise<boolean> {
  const { print, signal } = context;
  const served = await serveSimulatedTwitch({
    seed: "demo",
    channels: CHANNELS,
    chat: { ratePerSecond: LINES_PER_SECOND },
  });
  const alpha: DemoNode = { name: "alpha", archive: join(folder, "alpha") };
  const beta: DemoNode = { name: "beta", archive: join(folder, "beta") };
  const recorders = new Set<Recorder>();
  const start = (node: DemoNode): Recorder => {
    const recorder = startRecorder(node, served.url);
    recorders.add(recorder);
    return recorder;
  };
  try {
    const say = storyTeller(print);
    await say(`A simulated Twitch chats in ${CHANNELS.length} channels at ${served.url}`);
    let first = start(alpha);
    const second = start(beta);
    await until(() => joinedCount(served) === 4, { signal, what: "both recorders to join" });
    await say("Recorders alpha and beta have joined both channels");
    const sinceUs = served.twitch.nowUs;
    await clock.sleep(4_000, signal);

    served.twitch.connections[1]?.drop();
    await say("Broke the connection of one of them, without a close frame");
    await clock.sleep(4_000, signal);

    first.kill();
    await first.ended;
    await say("Killed alpha (kill -9): two minutes of chat were not in any archive file yet");
    await clock.sleep(1_500, signal);
    first = start(alpha);
    await say("Started alpha again: it replays its journal and goes on");
    await clock.sleep(7_000, signal);

    const untilUs = served.twitch.nowUs;
    await clock.sleep(1_000, signal);
    first.stop();
    second.stop();
    await Promise.all([first.ended, second.ended]);
    await say("Stopped both\n");
    return await reportDemo(
      [alpha, beta],
      { truth: served.twitch.truth, sinceUs, untilUs },
      context,
    );
  } finally {
    for (const recorder of recorders) recorder.kill();
    await served.close();
  }
}

/** Prints what happens, with the seconds since the start. */
function storyTeller(print: VerbContext["print"]): (text: string) => Promise<void> {
  const startMs = performance.now();
  return async (text) => {
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(5);
    await print(`${seconds} s  ${text}\n`);
  };
}

function joinedCount({ twitch }: ServedTwitch): number {
  return twitch.connections.reduce((sum, { channels }) => sum + channels.length, 0);
}

const PATIENCE_MS = 20_000;
const clock = systemClock();

async function until(
  isTrue: () => boolean,
  { signal, what }: { readonly signal: AbortSignal; readonly what: string },
): Promise<void> {
  const startMs = performance.now();
  while (!isTrue()) {
    if (performance.now() - startMs > PATIENCE_MS) {
      throw new Error(`Cannot go on: waited for ${what}`);
    }
    await clock.sleep(50, signal);
  }
}

/** A recorder as a process of its own, so that it can be killed. */
interface Recorder {
  readonly ended: Promise<void>;
  stop(): void;
  kill(): void;
}

function startRecorder({ name, archive }: DemoNode, url: string): Recorder {
  const args = ["record", ...CHANNELS, "--url", url, "--archive", archive, "--node", name];
  const child = spawn(process.execPath, [...ownCommand(), ...args, "--log-level", "error"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  // Not the terminal itself: two recorders would write their status into the same line as this.
  child.stderr.pipe(process.stderr, { end: false });
  let isOver = false;
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => {
      isOver = true;
      resolve();
    });
  });
  const send = (signal: NodeJS.Signals): void => {
    if (!isOver && child.pid !== undefined) process.kill(child.pid, signal);
  };
  return { ended, stop: () => send("SIGTERM"), kill: () => send("SIGKILL") };
}

/** The arguments with which a runtime runs this command line. */
function ownCommand(): string[] {
  // Next to this module, under the same ending: .ts from source, .js in the npm package.
  const main = fileURLToPath(import.meta.url).replace(/commands[/\\]demo(\.[jt]s)$/, "main$1");
  return "Deno" in globalThis ? ["run", "--allow-all", "--no-check", main] : [main];
}
