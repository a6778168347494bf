import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { PROJECT, readSource } from "./source_file.ts";

/** What of `deno.json` decides where an import leads. */
export interface PackageConfig {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly unstable: readonly string[];
}

/** This project's. */
export const CONFIG = JSON.parse(readFileSync(`${PROJECT}deno.json`, "utf8")) as PackageConfig;

/** Paths of the files that `deno.json` publishes. */
export const ENTRIES = Object.values(CONFIG.exports).map((path) => posix.normalize(path));

/** What `specifier` means in the file at `path`: a path of the project, or a module from outside. */
export function resolveImport(path: string, specifier: string): string {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(path), specifier);
  if (specifier !== CONFIG.name && !specifier.startsWith(`${CONFIG.name}/`)) return specifier;
  const entry = CONFIG.exports[`.${specifier.slice(CONFIG.name.length)}`];
  if (entry === undefined) throw new RangeError(`Cannot resolve "${specifier}" in "${path}"`);
  return posix.normalize(entry);
}

/** What {@link moduleGraph} follows. */
export interface GraphOptions {
  /** Also imports of types: not by default. */
  readonly typesToo?: boolean;
  /** Also `import()`: by default. Without, it is what a runtime loads before anything runs. */
  readonly lazyToo?: boolean;
}

/** All that the files at `paths` need: themselves, files of the project, modules from outside. */
export function moduleGraph(
  paths: readonly string[],
  { typesToo = false, lazyToo = true }: GraphOptions = {},
): Set<string> {
  const seen = new Set<string>(paths);
  for (const path of seen) {
    // What is not there is for the layer check to tell.
    if (!path.endsWith(".ts") || !existsSync(PROJECT + path)) continue;
    for (const { specifier, isTypeOnly, isLazy } of readSource(path).imports) {
      if (isTypeOnly && !typesToo || isLazy && !lazyToo) continue;
      seen.add(resolveImport(path, specifier));
    }
  }
  return seen;
}
