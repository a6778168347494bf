/**
 * Runs the benches one after another, or those whose names hold one of the words given. Fails when
 * one of them does not reach what it promises. Flags go to the benches: `deno task bench commands --quick`.
 */
import { readdirSync } from "node:fs";
import process from "node:process";
import { PROJECT, runStep } from "./run_step.ts";

const args = process.argv.slice(2);
const firstFlag = args.findIndex((arg) => arg.startsWith("-"));
const words = firstFlag === -1 ? args : args.slice(0, firstFlag);
const flags = firstFlag === -1 ? [] : args.slice(firstFlag);
const FOLDER = "tests/bench";
/** Its own configuration names the parsers of others, which nothing else needs. */
const PEERS = "peers";
const benches = [...readdirSync(`${PROJECT}${FOLDER}`), ...inFolder(PEERS)]
  .filter((name) => name.endsWith("_bench.ts"))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .sort();
if (benches.length === 0) throw new RangeError(`Cannot find a bench called ${words.join(" or ")}`);
const failed: string[] = [];
for (const name of benches) {
  console.log(`\n== ${name}`);
  // The heap of one bench must not weigh on the next, so each has its own process.
  const { exitCode } = await runStep(name, [
    "deno",
    "run",
    "--allow-all",
    "--v8-flags=--expose-gc",
    ...(name.startsWith(PEERS) ? ["--config", `${FOLDER}/${PEERS}/deno.json`] : []),
    `${FOLDER}/${name}`,
    ...flags,
  ]);
  if (exitCode !== 0) failed.push(name);
}
if (failed.length > 0) console.log(`\nShort of what they promise: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function inFolder(folder: string): string[] {
  return readdirSync(`${PROJECT}${FOLDER}/${folder}`).map((name) => `${folder}/${name}`);
}
