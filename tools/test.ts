/**
 * Runs the tests, or those in the files and folders that are given, and closes with their counts.
 * Further flags go to `deno test`: `deno task test tests/core --filter merge`.
 */
import process from "node:process";
import { runStep } from "./run_step.ts";
import { countTests, formatCounts } from "./test_counts.ts";

const args = process.argv.slice(2);
const places = args.some((arg) => !arg.startsWith("-")) ? [] : ["tests/"];
const isCi = process.env["CI"] === "true";
const { exitCode, output } = await runStep("tests", [
  "deno",
  "test",
  "--allow-all",
  "--no-check", // `deno task ok` checks the types of everything; here the tests shall come soon.
  ...(isCi ? ["--frozen"] : []),
  ...args,
  ...places,
]);
const counts = countTests(output);
console.log(formatCounts(counts));
process.exitCode = exitCode !== 0 ? exitCode : counts.failed === 0 ? 0 : 1;
