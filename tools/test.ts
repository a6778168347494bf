/**
 * Runs the tests, or those in the files and folders that are given, and closes with what failed
 * and with their counts. Further flags go to `deno test`: `deno task test tests/core --filter merge`.
 *
 * In CI, whose machine may have slow minutes, a few failed files run once more with nothing beside
 * them; tests that pass only then are named as such.
 */
import { readdirSync } from "node:fs";
import process from "node:process";
import { type FailedTests, findFailedTests } from "./failed_tests.ts";
import { PROJECT, runStep, type StepResult } from "./run_step.ts";
import { countTests, formatCounts } from "./test_counts.ts";

/** These mostly wait for npm, Node, Chromium and servers, and take about as long as the others, so they run beside them. */
const BESIDE = ["tests/browser", "tests/conformance", "tests/runtime"];

/** With more failed files than this no slow minute is to blame. */
const MOST_FILES_AGAIN = 3;

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

/** Whether the failed files pass when they have the machine to themselves. */
async function passAlone({ files }: FailedTests): Promise<boolean> {
  // A run that failed without naming a test, as one that was killed, has no files to run again.
  const isNamed = results.every(({ exitCode, output }) =>
    exitCode === 0 || findFailedTests(output).files.length > 0
  );
  if (!isCi || !isNamed || files.length === 0 || files.length > MOST_FILES_AGAIN) return false;
  console.log(`\n== once more, alone: ${files.join(", ")}`);
  return (await runTests("failed tests", files)).exitCode === 0;
}

const hasPlaces = args.some((arg) => !arg.startsWith("-"));
const results = hasPlaces ? [await runTests("tests", [])] : await runAll();
const output = results.map((result) => result.output).join("\n");
let counts = countTests(output);
let isOk = results.every(({ exitCode }) => exitCode === 0) && counts.failed === 0;
if (!isOk) {
  const failed = findFailedTests(output);
  isOk = await passAlone(failed);
  if (isOk) counts = { ...counts, passed: counts.passed + counts.failed, failed: 0 };
  console.log(`\n== ${isOk ? "passed only alone" : "failed"}\n${failed.errors}`);
  console.log(failed.names.join("\n"));
}
console.log(formatCounts(counts));
process.exitCode = isOk ? 0 : 1;
