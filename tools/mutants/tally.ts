import type { Mutant } from "./find_mutants.ts";
import type { Fate, Trial } from "./try_mutant.ts";

/** Prints each mutant when its fate is known, and a summary of all. */
export class Tally {
  readonly #total: number;
  readonly #mutants: Record<Fate, Mutant[]> = {
    "killed": [],
    "timed out": [],
    "survived": [],
    "not covered": [],
  };
  #tried = 0;

  /** Of `total` mutants. */
  constructor(total: number) {
    this.#total = total;
  }

  /** Prints one line. */
  add(mutant: Mutant, { fate, seconds, test }: Trial): void {
    this.#mutants[fate].push(mutant);
    const by = test === undefined ? "" : ` by ${test}`;
    const progress = `${++this.#tried}/${this.#total}`;
    console.log(`${progress} ${fate}${by} (${seconds.toFixed(1)} s): ${describe(mutant)}`);
  }

  /** Prints the mutants that live, how many there are of each kind, and the share of those killed. */
  summarize(): void {
    for (const fate of ["timed out", "survived", "not covered"] as const) {
      for (const mutant of this.#mutants[fate]) console.log(`${fate}: ${describe(mutant)}`);
    }
    const count = (fate: Fate): number => this.#mutants[fate].length;
    const counts = Object.keys(this.#mutants).map((fate) => `${count(fate as Fate)} ${fate}`);
    // A mutant that makes a test run on and on is as dead as one that makes it fail.
    const share = (count("killed") + count("timed out")) / this.#tried * 100;
    console.log(
      `${this.#tried} of ${this.#total} mutants tried: ${counts.join(", ")}; ` +
        `${share.toFixed(1)} % killed or timed out`,
    );
  }
}

/** Names a mutant in one line, the same as long as its file is. */
export function describe({ file, line, before, after }: Mutant): string {
  const short = (text: string): string => text.replace(/\s+/g, " ").slice(0, 80);
  return `${file}:${line}: ${short(before)} -> ${short(after)}`;
}
