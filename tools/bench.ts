/**
 * Runs the benches one after another, or those whose names hold one of the words given. Fails when
 * one of them does not reach what it promises. `--write` puts their figures into `docs/benchmarks.md`;
 * other flags go to the benches: `deno task bench commands --quick`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type BenchRow, ROWS_FILE } from "../tests/bench/bench_row.ts";
import { type BenchSection, writeReport } from "./bench_report.ts";
import { PROJECT, runStep } from "./run_step.ts";

const args = process.argv.slice(2);
const firstFlag = args.findIndex((arg) => arg.startsWith("-"));
const words = firstFlag === -1 ? args : args.slice(0, firstFlag);
const allFlags = firstFlag === -1 ? [] : args.slice(firstFlag);
const flags = allFlags.filter((flag) => flag !== "--write");
const FOLDER = "tests/bench";
/** Its own configuration names the parsers of others, which nothing else needs. */
const PEERS = "peers";
const REPORT = `${PROJECT}docs/benchmarks.md`;
const benches = [...readdirSync(`${PROJECT}${FOLDER}`), ...inFolder(PEERS)]
  .filter((name) => name.endsWith("_bench.ts"))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .sort();
if (benches.length === 0) throw new RangeError(`Cannot find a bench called ${words.join(" or ")}`);
const failed: string[] = [];
const sections: BenchSection[] = [];
const scratch = mkdtempSync(join(tmpdir(), "chatloom-bench-"));
for (const name of benches) {
  console.log(`\n== ${name}`);
  const rowsPath = join(scratch, name.replaceAll("/", "-"));
  // The heap of one bench must not weigh on the next, so each has its own process.
  const { exitCode } = await runStep(name, [
    "deno",
    "run",
    "--allow-all",
    "--v8-flags=--expose-gc",
    ...(name.startsWith(PEERS) ? ["--config", `${FOLDER}/${PEERS}/deno.json`] : []),
    `${FOLDER}/${name}`,
    ...flags,
  ], { env: { [ROWS_FILE]: rowsPath } });
  if (exitCode !== 0) failed.push(name);
  const rows = readRows(rowsPath);
  if (rows.length === 0) continue;
  const title = name.slice(name.lastIndexOf("/") + 1).replace("_bench.ts", "");
  sections.push({ name: title, circumstances: circumstances(title), rows });
}
rmSync(scratch, { recursive: true });
if (allFlags.includes("--write")) {
  const before = existsSync(REPORT) ? readFileSync(REPORT, "utf8") : "";
  writeFileSync(REPORT, writeReport(before, sections));
  await runStep("format", ["deno", "fmt", "--quiet", REPORT], { isQuiet: true });
}
if (failed.length > 0) console.log(`\nShort of what they promise: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function inFolder(folder: string): string[] {
  return readdirSync(`${PROJECT}${FOLDER}/${folder}`).map((name) => `${folder}/${name}`);
}

function readRows(path: string): BenchRow[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
}

/** When, on what machine and with which command the figures of a bench were made. */
function circumstances(name: string): string {
  const day = new Date().toISOString().slice(0, 10);
  const cores = cpus();
  const node = spawnSync("node", ["--version"], { encoding: "utf8" }).stdout?.trim().slice(1);
  const runtimes = [`Deno ${process.versions["deno"]}`, ...(node ? [`Node ${node}`] : [])];
  const command = ["deno task bench", name, ...flags].join(" ");
  return `${day}, ${cores[0]?.model.trim()}, ${cores.length} cores, ${
    runtimes.join(", ")
  }, \`${command}\``;
}
