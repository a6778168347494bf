/**
 * Long work in short steps: one or two milliseconds each, so that the caller can let other tasks run
 * in between. Returns the result.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does all steps at once. Throws what they throw. */
export function runSteps<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
