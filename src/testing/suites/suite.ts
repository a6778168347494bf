import assert from "node:assert/strict";

export { collect } from "../../async/collect.ts";

/** Registers one test: `test` of `node:test` fits, and so do others of that shape. */
export type TestFunction = (name: string, body: () => Promise<void>) => unknown;

/** Asserts that `promise` rejects with `reason` itself, not with an error made of it. */
export async function assertRejectsWith(promise: Promise<unknown>, reason: unknown): Promise<void> {
  let found: unknown = "no rejection";
  await promise.catch((error) => found = error);
  assert.equal(found, reason);
}

/** `length` pseudo-random bytes that depend on `seed` only. */
export function someBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed | 1;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i | 0;
    bytes[i] = state >>> 11;
  }
  return bytes;
}
