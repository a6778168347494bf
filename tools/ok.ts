/**
 * Checks everything that `main` promises, step after step, and says at the end what failed. With
 * `--without tests` (or another step's name) a step is left out.
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { PROJECT, runStep, type StepResult } from "./run_step.ts";
import { countTests, formatCounts, type TestCounts } from "./test_counts.ts";

const { exports } = JSON.parse(readFileSync(`${PROJECT}deno.json`, "utf8")) as {
  exports: Record<string, string>;
};
const entries = Object.values(exports);
const examples = readdirSync(`${PROJECT}examples`).filter((name) => name.endsWith(".ts")).sort();
const frozen = process.env["CI"] === "true" ? ["--frozen"] : [];

/** Name, command, and the longest it may take. */
const steps: readonly (readonly [name: string, command: readonly string[], seconds: number])[] = [
  ["format", ["deno", "fmt", "--check"], 120],
  ["lint", ["deno", "lint"], 120],
  ["types", ["deno", "check", ...frozen, "mod.ts", "src", "tests", "tools", "examples"], 300],
  // What has a configuration of its own, as only it needs its packages.
  ...["tests/bench/peers", "tools/mutants"].map((folder) =>
    [
      `types of ${folder}`,
      ["deno", "check", ...frozen, "--config", `${folder}/deno.json`, folder],
      300,
    ] as const
  ),
  ["docs", ["deno", "doc", "--lint", ...entries], 120],
  ["reference", ["deno", "run", "--allow-all", "tools/write_docs.ts", "--check"], 120],
  ["publish", ["deno", "publish", "--dry-run", "--allow-dirty"], 300],
  ["tests", ["deno", "task", "test"], 3000],
  ["doc tests", ["deno", "test", "--allow-all", "--doc", "mod.ts", "src", "README.md"], 300],
  ["fuzz", ["deno", "task", "fuzz", "--cases", "20000"], 300],
  ["demo", ["deno", "task", "demo"], 300],
  ...examples.map((name) =>
    [`example ${name}`, ["deno", "run", "--allow-all", `examples/${name}`], 120] as const
  ),
];

const flag = process.argv.indexOf("--without");
const without = flag === -1 ? [] : process.argv.slice(flag + 1);
const unknown = without.filter((name) => !steps.some((step) => step[0] === name));
if (unknown.length > 0) throw new RangeError(`Cannot leave out "${unknown.join('", "')}"`);

const results: StepResult[] = [];
for (const [name, command, timeoutSeconds] of steps) {
  if (without.includes(name)) continue;
  console.log(`\n== ${name}`);
  results.push(await runStep(name, command, { timeoutSeconds }));
}

const counts = results.map((result): TestCounts => {
  const isOk = result.exitCode === 0;
  const isTest = result.name === "tests" || result.name === "doc tests";
  return isTest ? countTests(result.output) : { passed: +isOk, failed: +!isOk, skipped: 0 };
});
console.log("\n== summary");
for (const { name, exitCode, seconds } of results) {
  console.log(`${exitCode === 0 ? "ok    " : "FAILED"} ${name} (${seconds.toFixed(1)} s)`);
}
const sum = (field: keyof TestCounts): number => counts.reduce((all, one) => all + one[field], 0);
console.log(formatCounts({
  passed: sum("passed"),
  failed: sum("failed"),
  skipped: sum("skipped"),
}));
process.exitCode = results.every((result) => result.exitCode === 0) && sum("failed") === 0 ? 0 : 1;
