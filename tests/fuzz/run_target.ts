import { seededRandom } from "../../src/testing/chance/seeded_random.ts";
import type { FuzzTarget } from "./target.ts";

/** Which cases {@link runTarget} tries. */
export interface RunOptions {
  /** Decides everything. */
  readonly seed: string;
  /** How many cases to run, from number `first` on. */
  readonly cases: number;
  readonly first?: number;
  /** Is told of every thousandth case. */
  readonly onProgress?: (done: number) => void;
}

/** A case that was not withstood. */
export class FuzzFailure extends Error {
  /** A failure of `target` in case `number`, and how to see it again. */
  constructor(
    target: FuzzTarget,
    { seed, number }: { seed: string; number: number },
    cause: unknown,
  ) {
    // Parsers remember the shapes that they have met, so all cases up to this one belong to it.
    const command = `deno task fuzz --only ${target.name} --seed ${seed}`;
    super(
      `"${target.name}" failed in case ${number}; replay with "${command} --first ${number} --cases 1"` +
        ` or, should it take what went before, "${command} --cases ${number + 1}"`,
      { cause },
    );
    this.name = "FuzzFailure";
  }
}

/**
 * Tries `target` on seeded cases.
 *
 * @throws {FuzzFailure} at the first that is not withstood.
 */
export async function runTarget(
  target: FuzzTarget,
  { seed, cases, first = 0, onProgress }: RunOptions,
): Promise<void> {
  for (let number = first; number < first + cases; number++) {
    try {
      await target.check(seededRandom(`${seed}/${target.name}/${number}`));
    } catch (cause) {
      throw new FuzzFailure(target, { seed, number }, cause);
    }
    if ((number - first + 1) % 1000 === 0) onProgress?.(number - first + 1);
  }
}
