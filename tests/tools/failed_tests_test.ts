import assert from "node:assert/strict";
import { test } from "node:test";
import { findFailedTests } from "../../tools/failed_tests.ts";

const OUTPUT = `running 2 tests from ./tests/a_test.ts
one ... FAILED (2ms)

 ERRORS 

one => ./tests/a_test.ts:75:1
error: AssertionError: not equal

\u001b[37m FAILURES \u001b[0m

one => \u001b[36m./tests/a_test.ts:75:1\u001b[0m
./tests/b_test.ts (uncaught error)

FAILED | 1 passed | 2 failed (3s)
ok | 9 passed | 0 failed (1s)

 ERRORS 

two => ./tests/c_test.ts:1:1
error: Error: no

 FAILURES 

two => ./tests/c_test.ts:1:1

FAILED | 0 passed | 1 failed (3s)
`;

test("findFailedTests tells names, files and reasons of every run", () => {
  const { names, files, errors } = findFailedTests(OUTPUT);
  assert.deepEqual(names, [
    "one => ./tests/a_test.ts:75:1",
    "./tests/b_test.ts (uncaught error)",
    "two => ./tests/c_test.ts:1:1",
  ]);
  assert.deepEqual(files, ["tests/a_test.ts", "tests/b_test.ts", "tests/c_test.ts"]);
  assert.match(errors, /not equal\n.*two/s);
});

test("findFailedTests finds nothing where all passed or nothing ran", () => {
  for (const output of ["", "ok | 9 passed | 0 failed (1s)\n", "Killed\n"]) {
    assert.deepEqual(findFailedTests(output), { names: [], files: [], errors: "" });
  }
});
