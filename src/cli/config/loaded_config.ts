import type { Command } from "commander";
import type { WantedChannel } from "../../engine/session/membership.ts";
import type { BrokerChoice } from "../../node/wiring/parts/broker_choice.ts";
import type { Severity } from "../../ports/reporter.ts";

/** What a configuration file and the command line say together: the command line wins. */
export interface ConfiguredFlags {
  /** The flags of the verb, by the names that its action gets. */
  readonly flags: { readonly [name: string]: unknown };
  /** The channels that the file names; none if the command line names some. */
  readonly channels: readonly WantedChannel[];
  /** The level of the log. */
  readonly logLevel: Severity;
}

/** The configuration file that a verb runs with. */
export interface LoadedConfig {
  readonly path: string;
  /** The file's text, as it was when the verb began. */
  readonly text: string;
  /** What the file said of the broker then, if it named one. */
  readonly broker?: BrokerChoice | undefined;
  /** The channels that the file named then. */
  readonly channels: readonly WantedChannel[];
  /**
   * The text of the file now.
   *
   * @throws {ConfigFaults} when it cannot be read.
   */
  read(): Promise<string>;
  /**
   * What `text` would mean for the verb.
   *
   * @throws {ConfigFaults} when it has faults.
   */
  parse(text: string): ConfiguredFlags;
}

const loaded = new WeakMap<Command, LoadedConfig>();

/** Notes the configuration that `command` runs with. */
export function setLoadedConfig(command: Command, config: LoadedConfig): void {
  loaded.set(command, config);
}

/** The configuration that `command` runs with, if one was named with `--config`. */
export function loadedConfig(command: Command): LoadedConfig | undefined {
  return loaded.get(command);
}

/** Adds `--config` to a verb. Its other flags may then stand in the file. */
export function addConfigFlag(command: Command): Command {
  return command.option(
    "--config <file>",
    "take flags from this TOML file; those given here win; read again on change and on SIGHUP",
  );
}

/** Whether a verb has the flag of {@link addConfigFlag}. */
export function takesConfig(command: Command): boolean {
  return command.options.some((option) => option.long === "--config");
}

/** The file that `args` name with `--config`. */
export function configPathOf(args: readonly string[]): string | undefined {
  for (const [i, each] of args.entries()) {
    if (each === "--") return undefined;
    if (each === "--config") return args[i + 1];
    if (each.startsWith("--config=")) return each.slice("--config=".length);
  }
  return undefined;
}
