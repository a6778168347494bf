import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { packForNpm } from "../../../tools/pack.ts";

/** How chatloom, and the programs that it is held against, are run. */
export interface BenchRuntime {
  readonly name: "Deno" | "Node";
  /** "Deno 2.9.6". */
  readonly version: string;
  /** The command that stands for `chatloom`. */
  readonly chatloom: readonly string[];
  /** A script that does nothing. */
  readonly emptyScript: readonly string[];
  /** The command for one of the programs in `floors/`, without its `.ts`. */
  readonly floor: (name: string) => readonly string[];
}

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const FLOORS = fileURLToPath(new URL("./floors/", import.meta.url));

/** The command line from source, as README runs it. */
export function denoRuntime(folder: string): BenchRuntime {
  const run = [process.execPath, "run", "--allow-all"];
  const empty = join(folder, "empty.ts");
  writeFileSync(empty, "");
  return {
    name: "Deno",
    version: `Deno ${process.versions["deno"]}`,
    chatloom: [...run, MAIN],
    emptyScript: [...run, empty],
    floor: (name) => [...run, join(FLOORS, `${name}.ts`)],
  };
}

/** The packed package, installed from its tarball into `folder`, in the Node that `PATH` names. */
export async function nodeRuntime(folder: string): Promise<BenchRuntime> {
  const home = join(folder, "node");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), '{"private":true,"type":"module"}');
  writeFileSync(join(home, "empty.js"), "");
  const tarball = await packForNpm(join(folder, "packed"));
  run("npm", ["install", "--silent", "--prefer-offline", "--no-save", tarball], home);
  for (const name of ["settle_floor", "merge_floor", "import_floor"]) {
    const output = ["--platform=deno", "--output", join(home, `${name}.js`)];
    run(process.execPath, ["bundle", "--quiet", ...output, join(FLOORS, `${name}.ts`)], undefined);
  }
  return {
    name: "Node",
    version: `Node ${run("node", ["--version"], home).trim().slice(1)}`,
    chatloom: ["node", join(home, "node_modules/@chatloom/chatloom/bin/chatloom.js")],
    emptyScript: ["node", join(home, "empty.js")],
    floor: (name) => ["node", join(home, `${name}.js`)],
  };
}

function run(program: string, args: readonly string[], cwd: string | undefined): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot run ${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}
