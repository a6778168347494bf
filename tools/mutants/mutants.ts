/**
 * How much the tests would notice: changes one place of `src/core` or `src/engine` at a time and runs
 * the tests that go over it, the quickest first, until one fails. Prints what survives, and the share
 * of mutants that the tests kill.
 *
 * `deno task mutants [--count 200] [--seed 1] [--jobs 2] [--only src/core/grouping]`
 *
 * Test files of Chromium and npm are left out, and those that take longer than a minute by themselves.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom, shuffled } from "../../src/testing/chance/seeded_random.ts";
import { type CoveredTest, coverTest } from "./coverage.ts";
import { findMutants, type Mutant } from "./find_mutants.ts";
import { runDeno } from "./run_deno.ts";
import { PROJECT } from "../run_step.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: "2" },
    only: { type: "string", default: "src/" },
  },
});
const TEST_SECONDS_MAX = 60;
/** All tests of one mutant together; more would only find what takes long to find. */
const MUTANT_SECONDS_MAX = 240;
const LEFT_OUT = /^tests\/(browser|runtime|bench|tools)\//;

/** Files below `folder` with this end, relative to the project. */
function filesUnder(folder: string, end: string): string[] {
  return readdirSync(`${PROJECT}${folder}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => join(entry.parentPath, entry.name).slice(PROJECT.length))
    .sort();
}

/** A copy of the project that may be damaged. */
function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-mutants-"));
  const root = `${folder}/project/`;
  for (const name of ["src", "tests", "tools", "examples", "docs", "dashboards"]) {
    if (existsSync(`${PROJECT}${name}`)) {
      cpSync(`${PROJECT}${name}`, `${root}${name}`, { recursive: true });
    }
  }
  for (const name of ["mod.ts", "deno.json", "deno.lock", "README.md", "CHANGELOG.md"]) {
    cpSync(`${PROJECT}${name}`, `${root}${name}`);
  }
  symlinkSync(`${PROJECT}node_modules`, `${root}node_modules`);
  const shared = join(PROJECT, "..", "shared");
  if (existsSync(shared)) symlinkSync(shared, `${folder}/shared`);
  return root;
}

/** Runs `work` for each item, in as many places as there are roots. */
async function inParallel<T>(
  items: readonly T[],
  roots: readonly string[],
  work: (item: T, root: string) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  await Promise.all(roots.map(async (root) => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item, root);
    }
  }));
}

type Fate = "killed" | "survived" | "not run by any test";

async function fateOf(mutant: Mutant, root: string, tests: readonly CoveredTest[]): Promise<Fate> {
  const path = `${root}${mutant.file}`;
  const text = readFileSync(path, "utf8");
  const covering = tests.filter(({ lines }) => lines.get(mutant.file)?.has(mutant.line));
  if (covering.length === 0) return "not run by any test";
  writeFileSync(path, text.slice(0, mutant.from) + mutant.after + text.slice(mutant.to));
  let seconds = 0;
  try {
    for (const test of covering) {
      // A mutant that makes a test run on and on is as dead as one that makes it fail.
      const run = await runDeno(
        root,
        ["test", "-A", "--no-check", test.file],
        10 + 5 * test.seconds,
      );
      if (run.exitCode !== 0) return "killed";
      seconds += run.seconds;
      if (seconds > MUTANT_SECONDS_MAX) break;
    }
    return "survived";
  } finally {
    writeFileSync(path, text);
  }
}

const roots = Array.from({ length: Number(values.jobs) }, copyProject);
try {
  const random = seededRandom(`mutants ${values.seed}`);
  const all = ["src/core", "src/engine"].flatMap((folder) => filesUnder(folder, ".ts"))
    .filter((file) => file.startsWith(values.only))
    .flatMap((file) => findMutants(PROJECT, file));
  const mutants = shuffled(random, all).slice(0, Number(values.count));
  console.log(`${mutants.length} of ${all.length} mutants, seed ${values.seed}`);

  const tests: CoveredTest[] = [];
  const testFiles = filesUnder("tests", "_test.ts").filter((file) => !LEFT_OUT.test(file));
  await inParallel(testFiles, roots, async (file, root) => {
    const test = await coverTest(root, file, TEST_SECONDS_MAX);
    if (test === undefined) console.log(`left out, it fails or takes too long: ${file}`);
    else tests.push(test);
  });
  tests.sort((a, b) => a.seconds - b.seconds);

  const counts: Record<Fate, number> = { killed: 0, survived: 0, "not run by any test": 0 };
  await inParallel(mutants, roots, async (mutant, root) => {
    const fate = await fateOf(mutant, root, tests);
    counts[fate]++;
    if (fate === "killed") return;
    const { file, line, before, after } = mutant;
    const short = (text: string) => text.replace(/\s+/g, " ").slice(0, 80);
    console.log(`${fate}: ${file}:${line}: ${short(before)} → ${short(after)}`);
  });
  const share = counts.killed / mutants.length * 100;
  console.log(
    `${counts.killed} killed, ${counts.survived} survived, ${
      counts["not run by any test"]
    } not run by any test: ${share.toFixed(1)} % killed`,
  );
} finally {
  for (const root of roots) rmSync(join(root, ".."), { recursive: true, force: true });
}
