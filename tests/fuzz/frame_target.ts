import assert from "node:assert/strict";
import { LINE_LENGTH_MAX, LineSplitter } from "../../src/engine/session/lines/line_splitter.ts";
import {
  chance,
  intBelow,
  pick,
  type SeededRandom,
} from "../../src/testing/chance/seeded_random.ts";
import { LINES } from "./corpus.ts";
import { cutAnywhere, mutateBytes, mutateText } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

/**
 * Frames: however a stream is cut, the same lines come out; none is longer than it may be, and every
 * sign of the stream but the line ends is in one of them.
 */
export const frameTarget: FuzzTarget = {
  name: "frames",
  check(random) {
    const text = stream(random);
    const bytes = new TextEncoder().encode(text);
    const broken = chance(random, 0.5) ? mutateBytes(random, bytes) : bytes;
    const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(broken);

    const once = split([broken]);
    assert.deepEqual(split(cutAnywhere(random, broken)), once);
    assert.deepEqual(split(cutAnywhere(random, whole)), once);
    for (const { line } of once) assert.ok(line.length <= LINE_LENGTH_MAX + 1);
    const kept = once.map(({ line }) => line).join("");
    assert.equal(kept.replace(/[\r\n]/g, ""), whole.replace(/[\r\n]/g, ""));
  },
};

function stream(random: SeededRandom): string {
  let text = "";
  for (let left = 1 + intBelow(random, 4); left > 0; left--) {
    const line = pick(random, LINES);
    text += chance(random, 0.3) ? mutateText(random, line, LINES) : line;
    text += pick(random, ["\r\n", "\r\n", "\r\n", "\n", "\r\r\n", "\n\n", ""]);
  }
  // Now and then, more than a line may hold.
  return chance(random, 0.002) ? text + "x".repeat(LINE_LENGTH_MAX * 2) + text : text;
}

function split(
  chunks: readonly (string | Uint8Array)[],
): { readonly line: string; readonly isPiece: boolean }[] {
  const lines: { line: string; isPiece: boolean }[] = [];
  const splitter = new LineSplitter();
  for (const chunk of chunks) {
    splitter.push(chunk, (line, isPiece) => lines.push({ line, isPiece }));
  }
  const rest = splitter.end();
  if (rest !== undefined) lines.push({ line: rest, isPiece: true });
  return lines;
}
