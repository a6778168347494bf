/**
 * The command line, for programs that run it in their own process, and the simulated Twitch that
 * `chatloom simulate` serves.
 *
 * @example Verify an archive
 * ```ts ignore
 * import { main } from "@chatloom/chatloom/cli";
 *
 * const exitCode = await main(["verify", "--archive", "chat"]);
 * ```
 * @module
 */
import process from "node:process";
import { VERSION } from "../node/wiring/version.ts";
import type {
  ServedTwitch,
  ServeSimulatedTwitchOptions,
} from "./simulation/serve_simulated_twitch.ts";

export type { ServedTwitch, ServeSimulatedTwitchOptions };

// What is imported above is loaded before anything runs, so that is next to nothing: the rest is
// loaded once it is needed. A test counts the modules.

/**
 * Runs the command line `args`, without the program's own name, on this process's standard streams.
 *
 * Resolves with the exit code; never rejects. Everything printed is out by then.
 */
export async function main(args: readonly string[]): Promise<number> {
  if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
    // Scripts ask for it often. Unlike the stream, the console does not mind a reader that is gone.
    console.log(VERSION);
    return 0;
  }
  const { runProgram } = await import("./run_program.ts");
  return await runProgram(args);
}

/**
 * Puts a simulated Twitch behind a WebSocket server. It runs until it is closed.
 *
 * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there.
 * @throws {RangeError} when no line can be played.
 */
export async function serveSimulatedTwitch(
  options: ServeSimulatedTwitchOptions = {},
): Promise<ServedTwitch> {
  const { serveSimulatedTwitch } = await import("./simulation/serve_simulated_twitch.ts");
  return await serveSimulatedTwitch(options);
}

/** Finished work should leave nothing running; if it does, the process waits at most this long for it. */
const GRACE_MS = 2_000;

/** Runs this process's own command line and makes it end with the exit code. */
export async function runProcess(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2));
  setTimeout(() => {
    process.stderr.write("chatloom: Something still runs after the work is done; ending anyway\n");
    process.exit();
  }, GRACE_MS).unref(); // With nothing running, this does not run either.
}

/** Whether the runtime was started with this module. Node 20 has no `import.meta.main`. */
async function isMain(): Promise<boolean> {
  if (import.meta.main !== undefined) return import.meta.main;
  const [, entry] = process.argv;
  if (entry === undefined || !import.meta.url.startsWith("file:")) return false;
  const [{ realpathSync }, { fileURLToPath }] = await Promise.all([
    import("node:fs"),
    import("node:url"),
  ]);
  try {
    return realpathSync(entry) === realpathSync(fileURLToPath(import.meta.url));
  } catch {
    return false;
  }
}

if (await isMain()) await runProcess();
