/**
 * Runs the tests, or those in the files and folders that are given, and closes with their counts.
 * Further flags go to `deno test`: `deno task test tests/core --filter merge`.
 */
import { readdirSync } from "node:fs";
import process from "node:process";
import { PROJECT, runStep, type StepResult } from "./run_step.ts";
import { countTests, formatCounts } from "./test_counts.ts";

/** These mostly wait for npm, Node, Chromium and servers, and take about as long as the others, so they run beside them. */
const BESIDE = ["tests/browser", "tests/conformance", "tests/runtime"];

const args = process.argv.slice(2);
const isCi = process.env["CI"] === "true";

function runTests(name: string, places: readonly string[], isQuiet = false): Promise<StepResult> {
  const command = ["deno", "test", "--allow-all", "--no-check"]; // `deno task ok` checks all types.
  if (isCi) command.push("--frozen");
  return runStep(name, [...command, ...args, ...places], { isQuiet });
}

async function runAll(): Promise<StepResult[]> {
  const beside = runTests("tests with other programs", BESIDE, true);
  const places = readdirSync(`${PROJECT}tests`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.name.endsWith("_test.ts"))
    .map(({ name }) => `tests/${name}`)
    .filter((place) => !BESIDE.includes(place));
  const others = await runTests("tests", places);
  const { exitCode, output } = await beside;
  if (exitCode === 0) console.log(output); // Otherwise it has been shown.
  return [others, await beside];
}

const hasPlaces = args.some((arg) => !arg.startsWith("-"));
const results = hasPlaces ? [await runTests("tests", [])] : await runAll();
const counts = countTests(results.map(({ output }) => output).join("\n"));
console.log(formatCounts(counts));
const isOk = results.every(({ exitCode }) => exitCode === 0) && counts.failed === 0;
process.exitCode = isOk ? 0 : 1;
