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
import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { Counters } from "../adapters/metrics/counters.ts";
import { logtapeReporter, writeLog } from "../adapters/log/logtape_reporter.ts";
import type { Severity } from "../ports/reporter.ts";
import { catCommand } from "./commands/cat.ts";
import { setContext } from "./frame/context.ts";
import { listenForCtrlC } from "./frame/ctrl_c_key.ts";
import { demoCommand } from "./commands/demo.ts";
import { EXIT, outcomeOf } from "./frame/exit.ts";
import { importCommand } from "./commands/import.ts";
import { interruption } from "./frame/interruption.ts";
import { mergeCommand } from "./commands/merge.ts";
import { standardOutput } from "./frame/output.ts";
import { chatloomProgram, type GlobalFlags } from "./frame/program.ts";
import { StatusLine } from "./frame/progress.ts";
import { recordCommand } from "./commands/record.ts";
import { serveCommand } from "./commands/serve.ts";
import { redactCommand } from "./commands/redact.ts";
import { settleCommand } from "./commands/settle.ts";
import { coverageCommand } from "./commands/coverage.ts";
import { ordersCommand } from "./commands/orders.ts";
import { pruneCommand } from "./commands/prune.ts";
import { syncCommand } from "./commands/sync.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { verifyCommand } from "./commands/verify.ts";

export {
  type ServedTwitch,
  serveSimulatedTwitch,
  type ServeSimulatedTwitchOptions,
} from "./simulation/serve_simulated_twitch.ts";

/** The verbs, in the order of the help page. */
function verbs(): Command[] {
  return [
    recordCommand(),
    importCommand(),
    catCommand(),
    mergeCommand(),
    settleCommand(),
    redactCommand(),
    verifyCommand(),
    serveCommand(),
    syncCommand(),
    ordersCommand(),
    coverageCommand(),
    pruneCommand(),
    simulateCommand(),
    demoCommand(),
  ];
}

/**
 * Runs the command line `args`, without the program's own name, on this process's standard streams.
 *
 * Resolves with the exit code; never rejects. Everything printed is out by then.
 */
export async function main(args: readonly string[]): Promise<number> {
  const output = standardOutput();
  const status = new StatusLine((text) => process.stderr.write(text), columnsOf(process.stderr));
  let lastWords = () => "Stopped before it was done";
  const { signal, request, dispose } = interruption({
    onImpatience: () => status.writeAbove(`chatloom: ${lastWords()}\n`),
  });
  let giveTerminalBack = () => {};
  // A closed terminal takes no more text, which must not keep the work from being finished.
  process.stderr.on("error", () => {});
  const counters = new Counters();
  const program = chatloomProgram(verbs(), {
    writeOut: (text) => process.stdout.write(text),
    writeErr: (text) => status.writeAbove(text),
  });
  const logLevel = {
    get: () => program.opts<GlobalFlags>().logLevel,
    set(level: Severity): void {
      program.setOptionValue("logLevel", level);
      const { logFormat } = program.opts<GlobalFlags>();
      writeLog((line) => status.writeAbove(line), { level, format: logFormat });
    },
  };
  setContext(program, {
    signal,
    watchCtrlC: () => giveTerminalBack = listenForCtrlC(() => request("SIGINT")),
    setLastWords: (describe) => lastWords = describe,
    logLevel,
    counters,
    reporter: logtapeReporter({ counters }),
    print: output.print,
    progress: (label, options) => status.begin(label, options),
  });
  program.hook("preAction", () => logLevel.set(logLevel.get()));
  try {
    await program.parseAsync(args, { from: "user" });
    await output.flush();
    return EXIT.ok;
  } catch (error) {
    const { exitCode, line } = outcomeOf(error);
    if (line !== undefined) status.writeAbove(`${line}\n`);
    return exitCode;
  } finally {
    giveTerminalBack();
    // Copies of a request to stop may still come; they must not turn a good end into a bad one.
    if (!signal.aborted) dispose();
  }
}

function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? stream.columns || 80 : 0;
}

/** Work that is done should leave nothing running; if it does, the process waits no longer for it. */
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
function isMain(): boolean {
  if (import.meta.main !== undefined) return import.meta.main;
  const [, entry] = process.argv;
  if (entry === undefined || !import.meta.url.startsWith("file:")) return false;
  try {
    return realpathSync(entry) === realpathSync(fileURLToPath(import.meta.url));
  } catch {
    return false;
  }
}

if (isMain()) await runProcess();
