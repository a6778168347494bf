/** The part of `node:assert/strict` that portable tests use, for a page. */

/** What a failed assertion throws. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

type Expected = RegExp | ErrorClass | object | ((error: unknown) => boolean);
type ErrorClass = new (...args: never[]) => Error;

function fail(message: unknown): never {
  if (message instanceof Error) throw message;
  throw new AssertionError(String(message));
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes [${[...value.subarray(0, 64)]}]`;
  try {
    return JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}n` : part) ??
      String(value);
  } catch {
    return String(value);
  }
}

/** Throws unless `value` is truthy. */
function assert(value: unknown, message?: string | Error): asserts value {
  if (!value) fail(message ?? `${show(value)} is not truthy`);
}

const methods = {
  ok: assert,
  fail: (message: string | Error = "failed"): never => fail(message),
  equal(actual: unknown, expected: unknown, message?: string | Error): void {
    if (!Object.is(actual, expected)) {
      fail(message ?? `${show(actual)} is not ${show(expected)}`);
    }
  },
  notEqual(actual: unknown, expected: unknown, message?: string | Error): void {
    if (Object.is(actual, expected)) fail(message ?? `${show(actual)} was not to be`);
  },
  deepEqual(actual: unknown, expected: unknown, message?: string | Error): void {
    if (!isDeepEqual(actual, expected)) {
      fail(message ?? `${show(actual)} is not like ${show(expected)}`);
    }
  },
  notDeepEqual(actual: unknown, expected: unknown, message?: string | Error): void {
    if (isDeepEqual(actual, expected)) fail(message ?? `${show(actual)} was not to be`);
  },
  match(actual: string, pattern: RegExp, message?: string | Error): void {
    if (!pattern.test(actual)) fail(message ?? `${show(actual)} does not match ${pattern}`);
  },
  doesNotMatch(actual: string, pattern: RegExp, message?: string | Error): void {
    if (pattern.test(actual)) fail(message ?? `${show(actual)} matches ${pattern}`);
  },
  throws(body: () => unknown, expected?: Expected | string, message?: string): void {
    let error: unknown;
    try {
      body();
    } catch (thrown) {
      error = thrown;
      return checkError(error, expected);
    }
    fail(message ?? "nothing was thrown");
  },
  doesNotThrow(body: () => unknown): void {
    body();
  },
  async rejects(
    body: Promise<unknown> | (() => Promise<unknown>),
    expected?: Expected | string,
    message?: string,
  ): Promise<void> {
    try {
      await (typeof body === "function" ? body() : body);
    } catch (error) {
      return checkError(error, expected);
    }
    fail(message ?? "nothing was rejected");
  },
  async doesNotReject(body: Promise<unknown> | (() => Promise<unknown>)): Promise<void> {
    await (typeof body === "function" ? body() : body);
  },
};

function checkError(error: unknown, expected: Expected | string | undefined): void {
  if (expected === undefined || typeof expected === "string") return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(`${error} does not match ${expected}`);
  } else if (typeof expected === "function") {
    const isClass = expected === Error || expected.prototype instanceof Error;
    const isRight = isClass
      ? error instanceof (expected as ErrorClass)
      : (expected as (error: unknown) => boolean)(error) === true;
    if (!isRight) fail(`${error} is not what was expected`);
  } else {
    for (const [key, value] of Object.entries(expected)) {
      const found = (error as Record<string, unknown>)[key];
      const isRight = value instanceof RegExp
        ? value.test(String(found))
        : isDeepEqual(found, value);
      if (!isRight) fail(`${key} of the error is ${show(found)}, not ${show(value)}`);
    }
  }
}

/** Strict: same prototypes, same own keys, `Object.is` at the leaves. */
function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (a instanceof Error && a.message !== (b as Error).message) return false;
  if (a instanceof Map) {
    const other = b as typeof a;
    return a.size === other.size &&
      [...a].every(([key, value]) => other.has(key) && isDeepEqual(value, other.get(key)));
  }
  if (a instanceof Set) {
    const other = [...(b as typeof a)];
    return a.size === other.length &&
      [...a].every((value) => other.some((each) => isDeepEqual(value, each)));
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) &&
      isDeepEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])
    );
}

export default Object.assign(assert, methods, {
  strictEqual: methods.equal,
  notStrictEqual: methods.notEqual,
  deepStrictEqual: methods.deepEqual,
  AssertionError,
  strict: assert,
});
