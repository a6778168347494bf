import { CommanderError } from "commander";
import { BatchSyntaxError, ChatloomError } from "../../core/errors/errors.ts";
import { escapeControls } from "../../core/json/escape_controls.ts";
import { ConfigFaults } from "./config_faults.ts";

/** The exit codes of the process. The reference explains each. */
export const EXIT = {
  /** Done, or stopped cleanly on request. */
  ok: 0,
  /** Something outside failed, or `verify` found a fault. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** A bug in chatloom: an assertion, a type error. */
  bug: 70,
  /** Stopped by SIGHUP, as when its terminal is closed, before it was done. */
  hungUp: 129,
  /** Stopped by SIGINT before it was done. */
  interrupted: 130,
  /** The reader of the output went away: 128 + SIGPIPE. */
  outputClosed: 141,
  /** Stopped by SIGTERM before it was done. */
  terminated: 143,
} as const;

/** Rejecting with this ends the process with `exitCode` and prints nothing more. */
export class QuietExit extends Error {
  /** One of {@link EXIT}. */
  readonly exitCode: number;

  /** An end with `exitCode`, and a name for it in stack traces. */
  constructor(exitCode: number, message: string) {
    super(message);
    this.name = "QuietExit";
    this.exitCode = exitCode;
  }
}

/** How the process ends, and what is still due on stderr. */
export interface Outcome {
  /** One of {@link EXIT}. */
  readonly exitCode: number;
  /** Without line end. A bug's is several lines long, the stack, and so are faults of a configuration. */
  readonly line?: string;
}

/** The exit of a command that was rejected with `error`. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof QuietExit) return { exitCode: error.exitCode };
  if (error instanceof CommanderError) {
    return { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage }; // Commander has written it.
  }
  if (error instanceof ChatloomError || error instanceof BatchSyntaxError) {
    return {
      exitCode: EXIT.failed,
      line: toOneLine(`chatloom: ${error.message}`),
    };
  }
  if (error instanceof ConfigFaults) {
    const lines = error.faults.map((fault) => toOneLine(`chatloom: ${fault}`));
    return { exitCode: EXIT.usage, line: lines.join("\n") };
  }
  const stack = error instanceof Error ? error.stack ?? String(error) : String(error);
  return { exitCode: EXIT.bug, line: `chatloom: This is a bug, please report it\n${stack}` };
}

/** `text` with every run of white space as one space, and control characters escaped. */
export function toOneLine(text: string): string {
  return escapeControls(text.replace(/\s+/g, " ").trim());
}
