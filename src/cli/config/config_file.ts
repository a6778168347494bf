import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { checkConfig, type Config } from "../../adapters/config/config_schema.ts";
import { parseTomlText, type TomlPath } from "../../adapters/config/toml_text.ts";
import { ConfigFaults } from "../frame/config_faults.ts";

/** A configuration file that was read. */
export interface ConfigFile {
  readonly path: string;
  /** The folder that its relative paths start from. */
  readonly folder: string;
  readonly config: Config;
  /** The line, from 1, of the value at `path`. */
  lineOf(path: TomlPath): number;
}

const MAX_BYTES = 128 * 1024;

/**
 * The text of the configuration file `path`.
 *
 * @throws {ConfigFaults} when it cannot be read, is no file, is too long or no UTF-8.
 */
export async function readConfigText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    // A pipe would block for ever, a device never end.
    if (!found.isFile()) throw new TypeError("it is no file");
    if (found.size > MAX_BYTES) {
      throw new RangeError(`it has ${found.size} bytes, more than ${MAX_BYTES}`);
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigFaults([`Cannot read the configuration "${path}": ${found}`], { cause });
  }
}

/**
 * The configuration in `text`, which stands in the file `path`.
 *
 * @throws {ConfigFaults} when it is no TOML, or keys or values are wrong: one fault for each.
 */
export function parseConfig(text: string, path: string): ConfigFile {
  const parsed = parseTomlText(text);
  if (!parsed.ok) throw new ConfigFaults([`${path}:${parsed.line}: ${parsed.reason}`]);
  const { value, lineOf } = parsed;
  const checked = checkConfig(value);
  if (!checked.ok) {
    const found = checked.issues.map(({ path: at, reason }) => ({
      line: lineOf(at),
      text: `${nameOf(at)} ${reason}`,
    }));
    found.sort((a, b) => a.line - b.line);
    throw new ConfigFaults(found.map(({ line, text }) => `${path}:${line}: ${text}`));
  }
  return { path, folder: dirname(resolve(path)), config: checked.config, lineOf };
}

/** The place of a value as people write it: `record.channels[1]`. */
export function nameOf(path: TomlPath): string {
  if (path.length === 0) return "the file";
  return path.map((key, i) => typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)
    .join("");
}
