import assert from "node:assert/strict";
import { test } from "node:test";
import { firstLineFrom, lineEnd, lineStart, lineTime } from "../../../src/core/scan/line_time.ts";
import { intBelow, seededRandom } from "../../../src/testing/chance/seeded_random.ts";

const SEED = 20261128;

function lineAt(seconds: number): string {
  return `{"time":${seconds},"time_range":0.5,"user":null}\n`;
}

test("lineTime tells when the event of a line happened, also where unknown fields end it", () => {
  const timeOf = (text: string) => lineTime(new TextEncoder().encode(text));
  assert.deepEqual(timeOf(lineAt(2.5)), { startUs: 2_500_000, endUs: 3_000_000 });
  assert.deepEqual(timeOf(`{"time":1,"time_range":0,"user":"a","z":1}\n`), {
    startUs: 1_000_000,
    endUs: 1_000_000,
  });
});

test("firstLineFrom finds where a time begins among lines of any lengths, times that repeat, and none", () => {
  const random = seededRandom(SEED);
  for (let world = 0; world < 300; world++) {
    const seconds = Array.from({ length: intBelow(random, 12) }, () => 1 + intBelow(random, 8))
      .sort((a, b) => a - b);
    const lines = seconds.map((time) => {
      const text = "x".repeat(intBelow(random, 300));
      return `{"params":["${text}"],"time":${time},"time_range":0,"user":"ada"}\n`;
    });
    const bytes = new TextEncoder().encode(lines.join(""));
    for (let time = 0; time <= 10; time++) {
      const before = lines.filter((_, i) => seconds[i]! < time).join("").length;
      assert.equal(firstLineFrom(bytes, time * 1e6), before, `${seconds} from ${time}`);
    }
  }
});

test("lineStart and lineEnd give the line of each byte", () => {
  const bytes = new TextEncoder().encode("a\nbcd\n\ne");
  const starts = Array.from(bytes, (_, at) => lineStart(bytes, at));
  const ends = Array.from(bytes, (_, at) => lineEnd(bytes, at));
  assert.deepEqual(starts, [0, 0, 2, 2, 2, 2, 6, 7]);
  assert.deepEqual(ends, [2, 2, 6, 6, 6, 6, 7, 8]);
});
