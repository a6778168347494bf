/**
 * How much the tests would notice: changes one place of `src/core` or `src/engine` at a time and runs
 * the tests that evaluate it until one fails. Prints what becomes of each mutant, then the share that
 * the tests kill; Ctrl-C prints the share so far.
 *
 * `deno task mutants [--count 200] [--seed 1] [--jobs 1] [--seconds 40] [--only src/core/grouping]`
 *
 * `--again FILE` tries only those that lived in an earlier run with the same seed, whose output the file
 * has: to see what new tests kill.
 *
 * The share is a lower bound. A mutant meets the quickest tests that evaluate it, `--seconds` of them,
 * and slow tests and those of whole programs only if no other evaluates it. Tests of Chromium, npm,
 * benches and documents are left out. What each test evaluates is kept in `coverage/mutants` until its
 * files change.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { seededRandom, shuffled } from "../../src/testing/chance/seeded_random.ts";
import { findMutants, type Mutant } from "./find_mutants.ts";
import { placeOf, Probes } from "./probes.ts";
import { copyProject, filesUnder } from "./project_copy.ts";
import { ReachMeter, type TestReach } from "./reach.ts";
import { killTests } from "./run_test.ts";
import { describe, Tally } from "./tally.ts";
import { TestChoice, tryMutant } from "./try_mutant.ts";
import { PROJECT } from "../run_step.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: "1" },
    seconds: { type: "string", default: "40" },
    only: { type: "string", default: "src/" },
    again: { type: "string" },
  },
});
const LEFT_OUT =
  /^tests\/(architecture|bench|browser|docs|runtime|tools)\/|^tests\/(architecture|readme)_test\.ts$/;
/** Tests of whole programs, in processes of their own. */
const PROGRAMS = /^tests\/(cli|node)\//;
/** A test file in process that takes longer counts as slow. */
const QUICK_SECONDS_MAX = 10;
const TEST_SECONDS_MAX = 120;

const roots: string[] = [];

function newCopy(): string {
  const root = copyProject();
  roots.push(root);
  return root;
}

/** Takes items away one by one, in as many places as there are roots. */
async function inParallel<T>(
  items: readonly T[],
  places: readonly string[],
  work: (item: T, root: string) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  await Promise.all(places.map(async (root) => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item, root);
    }
  }));
}

async function measureAll(
  meter: ReachMeter,
  files: readonly string[],
  copies: readonly string[],
): Promise<TestReach[]> {
  const tests: TestReach[] = [];
  await inParallel(files, copies, async (file) => {
    const test = await meter.measure(file, TEST_SECONDS_MAX);
    if (test !== undefined) tests.push(test);
    else console.log(`left out, it fails or takes too long: ${file}`);
  });
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0);
  console.log(`${tests.length} test files run ${seconds.toFixed()} s`);
  return tests;
}

async function tryAll(all: readonly Mutant[], mutants: readonly Mutant[], tally: Tally) {
  const testFiles = filesUnder("tests", "_test.ts").filter((file) => !LEFT_OUT.test(file));
  const copies = Array.from({ length: Number(values.jobs) }, newCopy);
  const probed = newCopy();
  const meter = new ReachMeter(probed, new Probes(probed, all));
  const inProcess = testFiles.filter((file) => !PROGRAMS.test(file));
  const measured = await measureAll(meter, inProcess, copies);
  const isQuick = (test: TestReach): boolean => test.seconds <= QUICK_SECONDS_MAX;
  const quick = measured.filter(isQuick);
  const reached = new Set(quick.flatMap(({ places }) => [...places]));

  const seconds = Number(values.seconds);
  const tryEach = async (mutants: readonly Mutant[], choice: TestChoice): Promise<void> => {
    await inParallel(mutants, copies, async (mutant, root) => {
      const trial = await tryMutant(mutant, root, choice.testsFor(mutant));
      if (trial.test !== undefined) choice.noteKill(mutant, trial.test);
      tally.add(mutant, trial);
    });
  };
  await tryEach(
    mutants.filter((mutant) => reached.has(placeOf(mutant))),
    new TestChoice(quick, seconds),
  );
  const others = mutants.filter((mutant) => !reached.has(placeOf(mutant)));
  if (others.length === 0) return;
  console.log(`${others.length} are evaluated by slow tests only, if by any: measuring those`);
  const programs = testFiles.filter((file) => PROGRAMS.test(file));
  const slow = [
    ...measured.filter((test) => !isQuick(test)),
    ...await measureAll(meter, programs, copies),
  ];
  await tryEach(others, new TestChoice(slow, seconds));
}

const random = seededRandom(`mutants ${values.seed}`);
const all = ["src/core", "src/engine"].flatMap((folder) => filesUnder(folder, ".ts"))
  .flatMap((file) => findMutants(PROJECT, file));
const drawn = shuffled(random, all.filter(({ file }) => file.startsWith(values.only)))
  .slice(0, Number(values.count));
const living = values.again === undefined ? undefined : readFileSync(values.again, "utf8");
const mutants = living === undefined ? drawn : drawn.filter((mutant) => {
  const text = describe(mutant);
  return living.split("\n").some((row) =>
    /^(\d+\/\d+ )?(survived|not covered)\b/.test(row) && row.endsWith(`: ${text}`)
  );
});
const tally = new Tally(mutants.length);
console.log(`${mutants.length} of ${all.length} mutants, seed ${values.seed}`);

function clean(): void {
  killTests();
  for (const root of roots) rmSync(join(root, ".."), { recursive: true, force: true });
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    tally.summarize();
    clean();
    process.exit(130);
  });
}
try {
  await tryAll(all, mutants, tally);
  tally.summarize();
} finally {
  clean();
}
