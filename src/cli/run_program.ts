import process from "node:process";
import { Counters } from "../adapters/metrics/counters.ts";
import { logtapeReporter, writeLog } from "../adapters/log/logtape_reporter.ts";
import type { Severity } from "../ports/reporter.ts";
import { configPathOf, takesConfig } from "./config/loaded_config.ts";
import { setContext } from "./frame/context.ts";
import { listenForCtrlC } from "./frame/ctrl_c_key.ts";
import { EXIT, outcomeOf } from "./frame/exit.ts";
import { interruption } from "./frame/interruption.ts";
import { standardOutput } from "./frame/output.ts";
import { chatloomProgram, type GlobalFlags } from "./frame/program.ts";
import { StatusLine } from "./frame/progress.ts";
import { loadVerbs } from "./verbs.ts";

/**
 * Runs the command line `args`, without the program's own name, on this process's standard streams.
 *
 * Resolves with the exit code; never rejects. Everything printed is out by then.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  const output = standardOutput();
  const status = new StatusLine((text) => process.stderr.write(text), columnsOf(process.stderr));
  let lastWords = () => "Stopped before it was done";
  const { signal, request, onHangUp, dispose } = interruption({
    onImpatience: () => status.writeAbove(`chatloom: ${lastWords()}\n`),
  });
  let giveTerminalBack = () => {};
  // A closed terminal takes no more text; the work must still finish.
  process.stderr.on("error", () => {});
  const counters = new Counters();
  const verbs = await loadVerbs(args);
  const program = chatloomProgram(verbs, {
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
    watchHangUp(reload): void {
      if (!process.stdin.isTTY && !process.stderr.isTTY) onHangUp(reload);
    },
    setLastWords: (describe) => lastWords = describe,
    logLevel,
    counters,
    reporter: logtapeReporter({ counters }),
    print: output.print,
    progress: (label, options) => status.begin(label, options),
  });
  program.hook("preAction", () => logLevel.set(logLevel.get()));
  try {
    const configPath = configPathOf(args);
    const [verb] = verbs;
    if (configPath !== undefined && verbs.length === 1 && takesConfig(verb!)) {
      const { applyConfig } = await import("./config/apply_config.ts");
      await applyConfig(verb!, configPath);
    }
    await program.parseAsync(args, { from: "user" });
    await output.flush();
    return EXIT.ok;
  } catch (error) {
    const { exitCode, line } = outcomeOf(error);
    if (line !== undefined) status.writeAbove(`${line}\n`);
    return exitCode;
  } finally {
    giveTerminalBack();
    // Copies of a request to stop may still come; they must not turn success into failure.
    if (!signal.aborted) dispose();
  }
}

function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? stream.columns || 80 : 0;
}
