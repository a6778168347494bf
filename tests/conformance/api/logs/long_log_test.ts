import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const IS_LONG = process.env["CHATLOOM_LONG_TESTS"] === "1";
/** Part of a day; a million lines with CHATLOOM_LONG_TESTS=1. */
const MINUTES = IS_LONG ? 1_000 : 80;
const LINES = 1_000;
const CHILD = fileURLToPath(new URL("long_log_child.ts", import.meta.url));
/** The heap in which a node must do: the lines as objects would take more. */
const HEAP_MB = 64;
/** Buffers are beside the heap: a body that is held whole would take 28 MB in the short test, 347 MB in the long one. */
const GROWTH_MAX_BYTES = 160 * 1024 * 1024;

function ask(query: string) {
  const args = ["-A", "--no-check", `--v8-flags=--max-old-space-size=${HEAP_MB}`];
  return spawnSync(
    process.execPath,
    ["run", ...args, CHILD, `${MINUTES}`, `${LINES}`, query],
    { encoding: "utf8", timeout: 600_000 },
  );
}

for (const query of ["raw&reverse", "json&packed", ...(IS_LONG ? ["raw", "ndjson"] : [])]) {
  test(`a log of ${MINUTES * LINES} lines as ${query} is sent in ${HEAP_MB} MB of heap`, () => {
    const { status, stdout, stderr } = ask(query);
    assert.equal(status, 0, `it ran out of memory:\n${stderr.slice(0, 1_000)}`);
    const told = JSON.parse(stdout);
    assert.equal(told.status, 200);
    if (query.startsWith("raw")) assert.equal(told.lines, MINUTES * LINES);
    assert.ok(told.bytes > (query.includes("packed") ? 1_000 : MINUTES * LINES * 200), stdout);
    assert.ok(told.rssGrowth < GROWTH_MAX_BYTES, `the process grew by ${told.rssGrowth} bytes`);
  });
}

test("what keeps all lines of such a log runs out of that heap", () => {
  assert.notEqual(ask("keeps").status, 0);
});
