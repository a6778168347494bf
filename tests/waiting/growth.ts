import assert from "node:assert/strict";

/** How much larger the second input is. */
const STEP = 4;
/** Work that grows as its input takes four times as long, work that grows as its square sixteen times. */
const FACTOR_MAX = 9;
const [ROUNDS_MIN, ROUNDS_MAX] = [3, 12];

/**
 * Asserts that `run` takes a time that grows about as its input does, by the ratio of the times for `size` and for a
 * quarter of it: that does not depend on the machine. The least of interleaved rounds counts, and a pause of the
 * machine is made up for by further rounds.
 */
export async function assertGrowsAsInput(
  run: (size: number) => unknown,
  { size, what }: { readonly size: number; readonly what: string },
): Promise<void> {
  const leastMs = new Map([[size / STEP, Infinity], [size, Infinity]]);
  const factor = (): number => leastMs.get(size)! / leastMs.get(size / STEP)!;
  for (let round = 0; round < ROUNDS_MIN || factor() > FACTOR_MAX; round++) {
    assert.ok(
      round < ROUNDS_MAX,
      `${what}: ${factor().toFixed(1)} times as long for ${STEP} times`,
    );
    for (const each of leastMs.keys()) {
      const startMs = performance.now();
      await run(each);
      leastMs.set(each, Math.min(leastMs.get(each)!, performance.now() - startMs));
    }
  }
}
