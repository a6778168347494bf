import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import type { Mutant, Site } from "./find_mutants.ts";

/** The environment variable with the path of the file that probes write to. */
export const REACHED_FILE_VARIABLE = "CHATLOOM_MUTANTS_REACHED";

/**
 * Writes a number to that file when its place is evaluated for the first time in a process: at once,
 * because many tests kill the processes that they start.
 */
const PROBE_MODULE = `
import { appendFileSync } from "node:fs";
import process from "node:process";
const path = process.env["${REACHED_FILE_VARIABLE}"];
const seen = new Uint8Array(1 << 16);
export function $reach(number) {
  if (seen[number] === 1) return;
  seen[number] = 1;
  try {
    if (path !== undefined) appendFileSync(path, number + "\\n");
  } catch {
    // A process without permissions: its tests do not count.
  }
}
`;

/** A name for the place of a mutant, the same as long as its file is. */
export function placeOf({ file, site }: Mutant): string {
  return `${file}:${site.from}-${site.to}`;
}

/** Makes the sources at `root` tell which places of `mutants` they evaluate. */
export class Probes {
  /** The number of a probe → the place where it is. */
  readonly #places: string[] = [];

  constructor(root: string, mutants: readonly Mutant[]) {
    writeFileSync(`${root}probe.js`, PROBE_MODULE);
    const sites = new Map<string, Map<string, Site>>();
    for (const mutant of mutants) {
      const sitesOfFile = sites.get(mutant.file) ?? new Map();
      sites.set(mutant.file, sitesOfFile.set(placeOf(mutant), mutant.site));
    }
    for (const [file, sitesOfFile] of sites) {
      const text = readFileSync(`${root}${file}`, "utf8");
      writeFileSync(`${root}${file}`, this.#withProbes(file, text, sitesOfFile));
    }
  }

  /** The places that are named in a file of reached numbers. */
  read(path: string): Set<string> {
    if (!existsSync(path)) return new Set();
    const numbers = readFileSync(path, "utf8").split("\n").filter((row) => row !== "");
    return new Set(numbers.map((number) => this.#places[Number(number)]!));
  }

  #withProbes(file: string, text: string, sites: ReadonlyMap<string, Site>): string {
    const inserts: { readonly at: number; readonly rank: number; readonly text: string }[] = [];
    for (const [place, { from, to, isStatement }] of sites) {
      const call = `$reach(${this.#places.push(place) - 1})`;
      // At the same offset: ends before beginnings, inner ends and outer beginnings first.
      const length = to - from;
      inserts.push(
        { at: from, rank: 1 / length, text: isStatement ? `{${call};` : `(${call},` },
        { at: to, rank: length - text.length, text: isStatement ? "}" : ")" },
      );
    }
    inserts.sort((a, b) => a.at - b.at || a.rank - b.rank);
    const module = posix.relative(posix.dirname(file), "probe.js");
    let probed = `import { $reach } from "${module}";`;
    let at = 0;
    for (const insert of inserts) {
      probed += text.slice(at, insert.at) + insert.text;
      at = insert.at;
    }
    return probed + text.slice(at);
  }
}
