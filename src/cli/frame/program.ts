import { Command, Help, Option } from "commander";
import { hideUser } from "../../adapters/http_peer/hide_user.ts";
import type { LogFormat } from "../../adapters/log/logtape_reporter.ts";
import type { Severity } from "../../ports/reporter.ts";
import { toOneLine } from "./exit.ts";
import { VERSION } from "../../node/wiring/version.ts";

/** The flags of every verb. */
export interface GlobalFlags {
  /** Lower ones are not logged. */
  readonly logLevel: Severity;
  /** The form of the log. */
  readonly logFormat: LogFormat;
}

/** Where help and errors are written. */
export interface ProgramOutput {
  /** Writes help and the version. */
  readonly writeOut: (text: string) => void;
  /** Writes one line for a wrong command line. */
  readonly writeErr: (text: string) => void;
}

/**
 * The `chatloom` command with these verbs. It throws a `CommanderError` where Commander would end
 * the process, so that the caller chooses the exit code.
 */
export function chatloomProgram(verbs: readonly Command[], output: ProgramOutput): Command {
  const program = new Command("chatloom")
    .description("Records Twitch chat so that nothing is lost")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help, also after a verb")
    .addOption(
      new Option("--log-level <level>", "lowest level to log")
        .choices(["debug", "info", "warning", "error"] satisfies Severity[])
        .default("info"),
    )
    .addOption(
      new Option("--log-format <format>", "form of the log on stderr")
        .choices(["text", "json"] satisfies LogFormat[])
        .default("text"),
    )
    .configureHelp({ showGlobalOptions: true, optionDescription: describeOption })
    .configureOutput({
      ...output,
      outputError: complainer("chatloom"),
    })
    .exitOverride()
    .showSuggestionAfterError(true);
  for (const verb of verbs) program.addCommand(inherit(verb, program, `chatloom ${verb.name()}`));
  return program.addHelpText("after", examplesOf(["chatloom --help", "chatloom verify --help"]));
}

/** The help on a flag. An empty list as its default is left out: it adds nothing for a reader. */
function describeOption(option: Option): string {
  const isEmptyList = Array.isArray(option.defaultValue) && option.defaultValue.length === 0;
  return isEmptyList ? option.description : new Help().optionDescription(option);
}

/** Verbs are built on their own, so they take the program's settings here. */
function inherit(verb: Command, program: Command, path: string): Command {
  verb.copyInheritedSettings(program).configureOutput({ outputError: complainer(path) });
  for (const child of verb.commands) inherit(child, verb, `${path} ${child.name()}`);
  return verb;
}

/** Writes an error as one line that names the help page of the command at `path`. */
function complainer(path: string): (text: string, write: (text: string) => void) => void {
  return (text, write) => {
    // It repeats the arguments, and an address may hold a token.
    const complaint = hideUser(toOneLine(text)).replace(/^error: /, "chatloom: ");
    write(`${complaint} (see ${path} --help)\n`);
  };
}

/** Examples for the end of a help page. Every verb has some. */
export function examplesOf(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join("")}`;
}
