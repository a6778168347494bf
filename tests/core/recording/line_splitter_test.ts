import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_LENGTH_MAX, LineSplitter } from "../../../src/engine/session/lines/line_splitter.ts";
import type { Chunk } from "../../../src/ports/transport.ts";
import { intBelow, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";

const SEED = globalThis.process?.env["SEED"] ?? "line splitter";

const TRANSCRIPT = [
  ":tmi.twitch.tv CAP * ACK :twitch.tv/tags twitch.tv/commands twitch.tv/membership\r\n",
  ":tmi.twitch.tv 001 justinfan5 :Welcome, GLHF!\r\n",
  "\r\n",
  "PING :tmi.twitch.tv\n",
  "@badges=;display-name=Ädä;tmi-sent-ts=1785587645678 :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :naïve 日本 🤡👩‍👩‍👧 z̸̢a̶l\r\n",
  "\n",
  ":a!a@a PRIVMSG #forsen : carriage \r inside, two at the end \r\r\n",
  "\r\r\n",
  ":a!a@a PRIVMSG #forsen :\ufeffmark, \ufffd as someone wrote it, \u0000 and trailing space \r\n",
  "@a=b :unfinished \u00e9",
].join("");

const LINES = TRANSCRIPT.split("\n").map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
const FRAGMENT = LINES.pop();
const BYTES = new TextEncoder().encode(TRANSCRIPT);

interface Outcome {
  readonly lines: string[];
  readonly pieces: string[];
  readonly fragment: string | undefined;
  readonly emptyCount: number;
  readonly replacedCount: number;
}

function split(chunks: Iterable<Chunk>): Outcome {
  const splitter = new LineSplitter();
  const lines: string[] = [];
  const pieces: string[] = [];
  for (const chunk of chunks) {
    splitter.push(chunk, (line, isPiece) => (isPiece ? pieces : lines).push(line));
  }
  const fragment = splitter.end();
  const { emptyCount, replacedCount } = splitter;
  return { lines, pieces, fragment, emptyCount, replacedCount };
}

const EXPECTED: Outcome = {
  lines: LINES.filter((line) => line !== ""),
  pieces: [],
  fragment: FRAGMENT,
  emptyCount: 2,
  replacedCount: 0,
};

test("LineSplitter finds the same lines wherever bytes or text are cut in two", () => {
  assert.deepEqual(split([TRANSCRIPT]), EXPECTED);
  assert.deepEqual(split([BYTES]), EXPECTED);
  for (let at = 0; at <= BYTES.length; at++) {
    assert.deepEqual(split([BYTES.slice(0, at), BYTES.slice(at)]), EXPECTED, `cut at byte ${at}`);
  }
  for (let at = 0; at <= TRANSCRIPT.length; at++) {
    const halves = [TRANSCRIPT.slice(0, at), TRANSCRIPT.slice(at)];
    assert.deepEqual(split(halves), EXPECTED, `cut at unit ${at}`);
  }
});

test("LineSplitter finds the same lines when cut in three, at every pair of points", () => {
  const text = ":é\r\n🤡\r\r\n\n€x";
  const bytes = new TextEncoder().encode(text);
  const expected = split([text]);
  assert.deepEqual(expected.lines, [":é", "🤡\r"]);
  for (let a = 0; a <= bytes.length; a++) {
    for (let b = a; b <= bytes.length; b++) {
      const thirds = [bytes.slice(0, a), bytes.slice(a, b), bytes.slice(b)];
      assert.deepEqual(split(thirds), expected, `cut at bytes ${a} and ${b}`);
    }
  }
});

test("LineSplitter finds the same lines one byte, and one UTF-16 unit, at a time", () => {
  assert.deepEqual(split(Array.from(BYTES, (byte) => Uint8Array.of(byte))), EXPECTED);
  assert.deepEqual(split(TRANSCRIPT.split("")), EXPECTED);
});

test("LineSplitter takes text and bytes in turn", () => {
  const chunks = TRANSCRIPT.split("\n").map((line, i, all): Chunk => {
    const text = i < all.length - 1 ? `${line}\n` : line;
    return i % 2 === 0 ? text : new TextEncoder().encode(text);
  });
  assert.deepEqual(split(chunks), EXPECTED);
});

test("LineSplitter leaves the caller's bytes alone and keeps none of them", () => {
  const splitter = new LineSplitter();
  const lines: string[] = [];
  const chunk = new TextEncoder().encode("first\r\n\u20ac").slice(0, -1);
  const before = chunk.slice();
  splitter.push(chunk, (line) => lines.push(line));
  assert.deepEqual(chunk, before);
  chunk.fill(0x41);
  splitter.push(Uint8Array.of(0xac, 0x0a), (line) => lines.push(line));
  assert.deepEqual(lines, ["first", "€"]);
});

test("LineSplitter replaces what is not UTF-8 as the platform does, and counts it exactly", () => {
  const random = seededRandom(SEED);
  // Heads, tails, surrogates and overlong forms, in any mix; 0x0a ends lines among them.
  const odd = [0x0a, 0x41, 0x80, 0xbf, 0xbd, 0xc3, 0xe0, 0xa0, 0xed, 0xef, 0xf0, 0x90, 0xf4, 0xf8];
  for (let round = 0; round < 2_000; round++) {
    const bytes = Uint8Array.from({ length: intBelow(random, 24) }, () => pick(random, odd));
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const expected = split([text]);
    const written = (text: string): number => text.split("\ufffd").length - 1;
    const sent = written(new TextDecoder("latin1").decode(bytes).replaceAll("ï¿½", "\ufffd"));
    const replacedCount = written(text) - sent;
    const message = `bytes ${bytes}, SEED=${SEED}`;
    assert.deepEqual(split([bytes]), { ...expected, replacedCount }, message);
    const singly = split(Array.from(bytes, (byte) => Uint8Array.of(byte)));
    assert.deepEqual(singly, { ...expected, replacedCount }, message);
  }
});

test("LineSplitter hands on a line that is too long in pieces that make up the line", () => {
  const random = seededRandom(SEED);
  for (const extra of [-1, 0, 1, 2, LINE_LENGTH_MAX - 1, LINE_LENGTH_MAX, LINE_LENGTH_MAX + 1]) {
    for (const end of ["\n", "\r\n"]) {
      const long = "x".repeat(LINE_LENGTH_MAX + extra);
      const text = `before\r\n${long}${end}after\r\n`;
      const whole = split([text]);
      assert.equal(whole.lines.concat(whole.pieces).join("").length, long.length + 11);
      if (extra <= 0) assert.deepEqual(whole.lines, ["before", long, "after"]);
      else assert.deepEqual([whole.lines, whole.pieces.join("")], [["before", "after"], long]);
      for (let round = 0; round < 10; round++) {
        assert.deepEqual(split(cutAnywhere(text, random)), whole, `SEED=${SEED}`);
      }
      assert.deepEqual(split(everyUnit(text)), whole);
    }
  }
});

test("LineSplitter never cuts a surrogate pair in pieces", () => {
  const long = "x".repeat(LINE_LENGTH_MAX - 1) + "🤡".repeat(LINE_LENGTH_MAX);
  const { pieces } = split([`${long}\n`]);
  assert.equal(pieces.join(""), long);
  for (const piece of pieces) assert.ok(piece.isWellFormed() && piece.length <= LINE_LENGTH_MAX);
  assert.deepEqual(split(everyUnit(`${long}\n`)).pieces, pieces);
});

test("LineSplitter holds no more than a line, whatever comes", () => {
  const splitter = new LineSplitter();
  let taken = 0;
  const flood = "y".repeat(1_000_000);
  for (let i = 0; i < 20; i++) splitter.push(flood, (line) => taken += line.length);
  const rest = splitter.end()!.length;
  assert.equal(taken + rest, 20_000_000);
  assert.ok(rest <= LINE_LENGTH_MAX + 1);
});

function cutAnywhere(text: string, random: ReturnType<typeof seededRandom>): string[] {
  const at = Array.from({ length: 5 }, () => intBelow(random, text.length)).sort((a, b) => a - b);
  return [0, ...at].map((start, i) => text.slice(start, at[i]));
}

function everyUnit(text: string): string[] {
  return text.split("");
}
