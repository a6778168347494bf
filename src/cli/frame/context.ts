import type { Command } from "commander";
import type { Counters } from "../../adapters/metrics/counters.ts";
import type { Reporter, Severity } from "../../ports/reporter.ts";
import type { Progress, ProgressOptions } from "./progress.ts";

/** The context of every verb, beside its own flags. */
export interface VerbContext {
  /**
   * Aborts when the user asks the process to stop: the verb finishes its work, then returns or rejects
   * with the reason.
   */
  readonly signal: AbortSignal;
  /**
   * Reads Ctrl-C as a key from here to the end of the process, so that what started it waits for it.
   * For verbs that run until they are stopped and read nothing from standard input.
   */
  watchCtrlC(): void;
  /**
   * Calls `reload` on SIGHUP, which then asks no process to stop, unless a terminal is attached: there the
   * signal says that it was closed.
   */
  watchHangUp(reload: () => void): void;
  /**
   * Sets what the process prints if its user ends it before the verb is done: where
   * unfinished work is kept. `describe` must not wait; the last one set counts.
   */
  setLastWords(describe: () => string): void;
  /** The log, on stderr. */
  readonly reporter: Reporter;
  /** The lowest level that the log takes; holds until the process ends. */
  readonly logLevel: { get(): Severity; set(level: Severity): void };
  /** What {@link VerbContext.reporter} has counted. */
  readonly counters: Counters;
  /**
   * Writes `text` to stdout without adding a line end. Resolves when there is room for more;
   * rejects when the reader is gone, which quietly ends the process.
   */
  print(text: string | Uint8Array): Promise<void>;
  /** Shows progress if stderr is a terminal. End it, also after an error. */
  progress(label: string, options?: ProgressOptions): Progress;
}

const contexts = new WeakMap<Command, VerbContext>();

/** Gives `program`, and with it every verb mounted on it, its context. */
export function setContext(program: Command, context: VerbContext): void {
  contexts.set(program, context);
}

/**
 * The context of a verb, to be asked for in its action, which gets the command as last argument.
 *
 * @throws {TypeError} when the verb is not mounted on a program that has one.
 */
export function contextOf(command: Command): VerbContext {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const context = contexts.get(at);
    if (context !== undefined) return context;
  }
  throw new TypeError(`Cannot run "${command.name()}": no context was set`);
}
