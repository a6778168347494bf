import assert from "node:assert/strict";
import { test } from "node:test";
import { UnreadableEntryError } from "../../src/core/errors/errors.ts";

test("UnreadableEntryError names the first entry, and how many more there are", () => {
  const one = { path: "a", reason: "why" };
  const message = (...entries: ConstructorParameters<typeof UnreadableEntryError>[1]): string =>
    new UnreadableEntryError("STORE_IO", entries).message;
  assert.equal(message(one), 'Cannot read "a": why');
  assert.equal(message(one, { path: "b", reason: "other" }), 'Cannot read "a", nor 1 more: why');
  const error = new UnreadableEntryError("STORE_DENIED", [one], { attempt: "list it" });
  assert.deepEqual([error.message, error.code, error.name], [
    "Cannot list it: why",
    "STORE_DENIED",
    "UnreadableEntryError",
  ]);
  assert.deepEqual(error.entries, [one]);
});
