import type { SeededRandom } from "../../src/testing/chance/seeded_random.ts";

/** Something that must withstand any input. */
export interface FuzzTarget {
  /** What `--only` calls it. */
  readonly name: string;

  /** Makes an input by chance and throws if it is not withstood. */
  check(random: SeededRandom): void | Promise<void>;
}
