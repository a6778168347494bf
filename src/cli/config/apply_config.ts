import { resolve } from "node:path";
import { type Command, InvalidArgumentError, type Option } from "commander";
import type { ConfiguredVerb } from "../../adapters/config/config_schema.ts";
import type { WantedChannel } from "../../engine/session/membership.ts";
import { parseChannel } from "../../node/channels.ts";
import type { Severity } from "../../ports/reporter.ts";
import { type ConfigFile, nameOf, parseConfig, readConfigText } from "./config_file.ts";
import { ConfigFaults } from "../frame/config_faults.ts";
import { brokerChoice } from "./broker_config.ts";
import { type ConfiguredFlags, setLoadedConfig } from "./loaded_config.ts";

/** Flags of a verb that no file can give. */
const NOT_CONFIGURED: ReadonlySet<string> = new Set(["config", "help"]);

/**
 * Gives the flags of `verb` the values of the file at `path`, before the command line is parsed, which
 * then replaces those that it names.
 *
 * @throws {ConfigFaults} when the file has faults.
 */
export async function applyConfig(verb: Command, path: string): Promise<void> {
  const text = await readConfigText(path);
  const file = parseConfig(text, path);
  const { values, channels } = valuesFor(verb, file);
  for (const option of configurable(verb)) {
    const value = values.get(option);
    if (value === undefined) continue;
    verb.setOptionValueWithSource(option.attributeName(), value, "config");
    replaceList(verb, option);
  }
  const program = verb.parent ?? verb;
  const { "log-level": level, "log-format": format } = file.config;
  if (level !== undefined) program.setOptionValueWithSource("logLevel", level, "config");
  if (format !== undefined) program.setOptionValueWithSource("logFormat", format, "config");
  setLoadedConfig(verb, {
    path,
    text,
    broker: await brokerChoice(file),
    channels,
    read: () => readConfigText(path),
    parse: (now) => withCommandLine(verb, parseConfig(now, path)),
  });
}

/** The key of a flag in the table of its verb: a file of channels is `channels-file` there. */
export function configKeyOf(option: Option): string {
  const name = option.long!.replace(/^--(no-)?/, "");
  return option.flags.includes("<file>") && !name.endsWith("-file") ? `${name}-file` : name;
}

/** The flags of `verb` that a file can give. */
export function configurable(verb: Command): Option[] {
  return verb.options.filter((option) => !NOT_CONFIGURED.has(option.name()));
}

interface ConfiguredValues {
  readonly values: ReadonlyMap<Option, unknown>;
  readonly channels: readonly WantedChannel[];
}

/**
 * What `file` says for `verb`, checked as the same words on the command line are.
 *
 * @throws {ConfigFaults} when a value is not one that the flag takes.
 */
export function valuesFor(verb: Command, file: ConfigFile): ConfiguredValues {
  const values = new Map<Option, unknown>();
  const faults: string[] = [];
  const name = verb.name() as ConfiguredVerb;
  const table: { readonly [key: string]: unknown } = file.config[name] ?? {};
  const check = <T>(path: readonly (string | number)[], read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      faults.push(`${file.path}:${file.lineOf(path)}: ${nameOf(path)}: ${error.message}`);
      return undefined;
    }
  };
  for (const option of configurable(verb)) {
    const key = configKeyOf(option);
    const isShared = key === "archive";
    const value = isShared ? file.config.archive : table[key];
    if (value === undefined) continue;
    const path = isShared ? [key] : [name, key];
    values.set(option, readValue(option, value, { path, folder: file.folder, check }));
  }
  const channels = (file.config[name as "record"]?.channels ?? []).flatMap((each, i) => {
    const channel = parseChannel(each);
    if (channel !== undefined) return [channel];
    const path = [name, "channels", i];
    faults.push(`${file.path}:${file.lineOf(path)}: ${nameOf(path)} must be the name of a channel`);
    return [];
  });
  if (faults.length > 0) throw new ConfigFaults(faults);
  return { values, channels };
}

type Check = <T>(path: readonly (string | number)[], read: () => T) => T | undefined;

function readValue(
  option: Option,
  value: unknown,
  { path, folder, check }: {
    readonly path: readonly (string | number)[];
    readonly folder: string;
    readonly check: Check;
  },
): unknown {
  const { parseArg } = option;
  if (typeof value === "boolean") return value;
  if (Array.isArray(value)) {
    let list: unknown = [];
    for (const [i, each] of value.entries()) {
      list = check([...path, i], () => parseArg!(String(each), list)) ?? list;
    }
    return list;
  }
  const text = String(value);
  const isPath = /<(file|dir)/.test(option.flags) && !/^[a-z]+:\/\//.test(text);
  if (isPath) return resolve(folder, text);
  return parseArg === undefined ? text : check(path, () => parseArg(text, undefined));
}

/** Has the first value on the command line replace the file's list. */
function replaceList(verb: Command, option: Option): void {
  const { parseArg } = option;
  const name = option.attributeName();
  if (parseArg === undefined || !Array.isArray(verb.getOptionValue(name))) return;
  option.argParser((text, before) =>
    parseArg(text, verb.getOptionValueSource(name) === "config" ? [] : before)
  );
}

/** What the flags of `verb`, which was parsed, would be with `file`. */
function withCommandLine(verb: Command, file: ConfigFile): ConfiguredFlags {
  const { values, channels } = valuesFor(verb, file);
  const flags: Record<string, unknown> = { ...verb.opts() };
  for (const option of configurable(verb)) {
    const name = option.attributeName();
    if (verb.getOptionValueSource(name) === "cli") continue;
    flags[name] = values.get(option) ?? defaultOf(option);
  }
  const program = verb.parent ?? verb;
  const level = program.getOptionValueSource("logLevel") === "cli"
    ? program.getOptionValue("logLevel")
    : file.config["log-level"] ?? "info";
  return { flags, channels: verb.args.length > 0 ? [] : channels, logLevel: level as Severity };
}

function defaultOf(option: Option): unknown {
  return option.defaultValue ?? (option.negate ? true : undefined);
}
