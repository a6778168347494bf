import assert from "node:assert/strict";
import { test } from "node:test";
import { joinLines } from "../../../src/engine/session/join_lines.ts";

test("joinLines asks for all channels in order, in as few lines as IRC's 512 bytes allow", () => {
  assert.deepEqual(joinLines([]), []);
  assert.deepEqual(joinLines(["a"]), ["JOIN #a"]);
  assert.deepEqual(joinLines(["a", "b", "c"]), ["JOIN #a,#b,#c"]);
  const names = Array.from({ length: 50 }, (_, i) => `${i}`.padStart(25, "x"));
  const lines = joinLines(names);
  assert.deepEqual(lines.map((line) => line.length), [490, 490, 382]);
  assert.deepEqual(lines.flatMap((line) => line.slice(6).split(",#")), names);
  // "JOIN " and 20 names with "#" and a comma between: 505 + 5 is just what fits.
  const fitting = [...names.slice(0, 18), "y".repeat(18)];
  assert.deepEqual(joinLines(fitting).map((line) => line.length), [510]);
  fitting[18] += "y";
  assert.equal(joinLines(fitting).length, 2);
});
