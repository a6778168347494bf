/** Whether any test of a suite fails, of those whose names match; `register` hands it its `test`. */
export async function doesFail(
  which: RegExp,
  register: (test: (name: string, body: () => Promise<void>) => void) => void,
): Promise<boolean> {
  const tests: (() => Promise<void>)[] = [];
  register((name, body) => {
    if (which.test(name)) tests.push(body);
  });
  if (tests.length === 0) throw new RangeError(`Cannot run tests: none matches ${which}`);
  for (const body of tests) {
    try {
      await body();
    } catch {
      return true;
    }
  }
  return false;
}
