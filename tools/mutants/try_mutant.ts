import { readFileSync, writeFileSync } from "node:fs";
import type { Mutant } from "./find_mutants.ts";
import { placeOf } from "./probes.ts";
import type { TestReach } from "./reach.ts";
import { runTest } from "./run_test.ts";

/** What the tests make of a mutant. */
export type Fate = "killed" | "timed out" | "survived" | "not covered";

/** The end of a mutant. */
export interface Trial {
  readonly fate: Fate;
  readonly seconds: number;
  /** The test file that noticed it. */
  readonly test?: string;
}

/** Decides which test files a mutant meets, and in which order. */
export class TestChoice {
  readonly #tests: readonly TestReach[];
  readonly #secondsMax: number;
  /** Source file → the tests that killed mutants of it, the latest last. */
  readonly #killers = new Map<string, Set<string>>();

  /** A mutant meets tests that take `secondsMax` together, as they were measured, or one test. */
  constructor(tests: readonly TestReach[], secondsMax: number) {
    this.#tests = tests;
    this.#secondsMax = secondsMax;
  }

  /**
   * Tests that evaluate the mutant: first those that killed others of its file, the latest first, then
   * those that import its file, then the quickest.
   */
  testsFor(mutant: Mutant): TestReach[] {
    const place = placeOf(mutant);
    const killers = [...this.#killers.get(mutant.file) ?? []];
    const rank = (test: TestReach): number =>
      2 * killers.indexOf(test.file) + Number(test.imports.has(mutant.file));
    let seconds = 0;
    return this.#tests.filter((test) => test.places.has(place))
      .toSorted((a, b) => rank(b) - rank(a) || a.seconds - b.seconds)
      .filter((test, index) => {
        seconds += test.seconds;
        return index === 0 || seconds <= this.#secondsMax;
      });
  }

  /** Remembers that `test` kills mutants of this file. */
  noteKill({ file }: Mutant, test: string): void {
    const killers = this.#killers.get(file) ?? new Set();
    killers.delete(test);
    this.#killers.set(file, killers.add(test));
  }
}

/** Puts `mutant` into the copy at `root`, runs `tests` until one notices, and takes it out again. */
export async function tryMutant(
  mutant: Mutant,
  root: string,
  tests: readonly TestReach[],
): Promise<Trial> {
  if (tests.length === 0) return { fate: "not covered", seconds: 0 };
  const path = `${root}${mutant.file}`;
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, mutant.from) + mutant.after + text.slice(mutant.to));
  let seconds = 0;
  try {
    for (const { file, seconds: usual } of tests) {
      // Far more than a busy machine makes of it.
      const run = await runTest(root, file, { timeoutSeconds: 30 + 8 * usual });
      seconds += run.seconds;
      if (run.outcome === "failed") return { fate: "killed", seconds, test: file };
      if (run.outcome === "timed out") return { fate: "timed out", seconds, test: file };
    }
    return { fate: "survived", seconds };
  } finally {
    writeFileSync(path, text);
  }
}
