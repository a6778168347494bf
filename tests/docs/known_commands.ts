import assert from "node:assert/strict";
import { runCli } from "../cli/run_cli.ts";

/** What `--help` says of verbs and flags; each is asked once. */
export class KnownCommands {
  readonly #helps = new Map<string, Promise<string>>();

  /** How many verbs were looked up. */
  get verbCount(): number {
    return this.#helps.size;
  }

  /** Asserts that there is such a verb, and that it has every flag in `rest`. */
  async check(where: string, verb: string, rest: string): Promise<void> {
    const help = await this.help(verb);
    assert.match(help, new RegExp(`^Usage: chatloom ${verb}\\b`), `${where}: no verb "${verb}"`);
    for (const [flag] of rest.matchAll(/(?<=\s)--[a-z-]+/g)) {
      const known = new RegExp(`(^|[ ,])${flag}(?![a-z-])`, "m");
      assert.match(help, known, `${where}: ${verb} has no ${flag}`);
    }
  }

  /** Asserts the same of every command line of chatloom in `code`. */
  async checkAll(where: string, code: string): Promise<void> {
    const commands = code.matchAll(/(?:^|task |\$ |env )chatloom ([a-z][a-z-]*)([^&|;\n]*)/gm);
    for (const [, verb = "", rest = ""] of commands) await this.check(where, verb, rest);
  }

  /** What a verb says of itself. */
  help(verb: string): Promise<string> {
    let help = this.#helps.get(verb);
    if (help === undefined) {
      help = runCli([verb, "--help"]).then(({ stdout }) => stdout);
      this.#helps.set(verb, help);
    }
    return help;
  }
}
