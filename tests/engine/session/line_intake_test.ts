import assert from "node:assert/strict";
import { test } from "node:test";
import { LineIntake } from "../../../src/engine/session/lines/line_intake.ts";
import type { ReceivedLine } from "../../../src/engine/session/lines/listener.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";

function world() {
  const clock = virtualClock();
  const taken: ReceivedLine[][] = [];
  const counted: [name: string, amount: number | undefined][] = [];
  const intake = new LineIntake({
    clock,
    reporter: { report() {}, count: (name, _labels, amount) => void counted.push([name, amount]) },
    isAsked: ({ params }) => params[0] !== "#other",
    take: (lines) => void taken.push([...lines]),
  });
  return { clock, intake, taken, counted };
}

test("LineIntake hands on the lines of a chunk, a thousand at a time, and nothing where there is none", () => {
  const { intake, taken } = world();
  intake.push("PING :a");
  assert.deepEqual(taken, []);
  intake.push("\r\n");
  assert.deepEqual(taken.map(({ length }) => length), [1]);
  intake.push("PING :a\r\n".repeat(1_000));
  intake.push("PING :a\r\n".repeat(2_001));
  assert.deepEqual(taken.map(({ length }) => length), [1, 1_000, 1_000, 1_000, 1]);
});

test("LineIntake marks what was not asked for", () => {
  const { intake, taken } = world();
  intake.push(":a!a@a PRIVMSG #c :x\r\n:a!a@a PRIVMSG #other :x\r\n :\r\n");
  const [lines] = taken;
  assert.deepEqual(
    lines!.map((line) => [line.isPiece, !line.isPiece && line.isUnasked, line.parsed?.ok]),
    [
      [false, false, true],
      [false, true, true],
      [false, false, false],
    ],
  );
});

test("LineIntake tells counts at once, then once a second, then at the end, each once", async () => {
  const { clock, intake, counted } = world();
  intake.push("PING :é\r\n\r\n");
  const first = [
    ["session_frames", 1],
    ["session_bytes", 12],
    ["session_lines", 1],
    ["session_empty_lines", 1],
  ];
  assert.deepEqual(counted.splice(0), first);
  await clock.advance(999);
  intake.push(new TextEncoder().encode("PING :a\n\n"));
  assert.deepEqual(counted, []);
  await clock.advance(1);
  intake.push(Uint8Array.of(0xff, 0x0a, 0x0a, 0x41));
  assert.deepEqual(counted.splice(0), [
    ["session_frames", 2],
    ["session_bytes", 13],
    ["session_lines", 2],
    ["session_empty_lines", 2],
    ["session_replaced_characters", 1],
  ]);
  intake.push("b");
  assert.equal(intake.end(), "Ab");
  assert.deepEqual(counted, [["session_frames", 1], ["session_bytes", 1]]);
});
