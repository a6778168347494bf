import { isCommandOfTwitch } from "../../core/irc/known_commands.ts";
import type { Reporter } from "../../ports/reporter.ts";

// Commands come from outside: only this many get a counter of their own.
const COMMANDS_MAX = 64;
const COMMAND_LENGTH_MAX = 32;

/** Counts the lines that are not recorded, each under its reason. Names each command once. */
export class IgnoredLines {
  readonly #reporter: Reporter;
  readonly #commands = new Set<string>();

  /** Counts to `reporter`, as `lines_ignored`. */
  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Counts a line that was not recorded, for `reason`. */
  count(reason: string): void {
    this.#reporter.count("lines_ignored", { reason });
  }

  /** Counts a line that was not recorded because its command is not kept. */
  countCommand(command: string): void {
    const isNew = !this.#commands.has(command) && this.#commands.size < COMMANDS_MAX &&
      command.length <= COMMAND_LENGTH_MAX;
    if (isNew) {
      this.#commands.add(command);
      const severity = isCommandOfTwitch(command) ? "debug" : "info";
      this.#reporter.report(severity, "Lines with this command are not archived", { command });
    }
    const label = this.#commands.has(command) ? command : "other";
    this.#reporter.count("lines_ignored", { reason: "command not kept", command: label });
  }
}
