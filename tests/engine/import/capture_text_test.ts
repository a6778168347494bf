import assert from "node:assert/strict";
import { test } from "node:test";
import { CaptureText, type TextLine } from "../../../src/engine/import/capture_text.ts";
import { LINE_LENGTH_MAX } from "../../../src/engine/session/lines/line_splitter.ts";

const HEAD_BYTES = 65_536;

interface Read {
  readonly lines: string[];
  readonly pieces: string[];
  readonly counts: { long: number; torn: number; replaced: number };
}

function read(bytes: Uint8Array, { size = bytes.length, isTorn = false } = {}): Read {
  const text = new CaptureText();
  const all: TextLine[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    all.push(...text.push(bytes.slice(at, at + size)));
  }
  all.push(...text.end({ isTorn }));
  const { longCount: long, tornCount: torn, replacedCount: replaced } = text;
  const pick = (isPiece: boolean) => all.filter((line) => line.isPiece === isPiece);
  return {
    lines: pick(false).map(({ text }) => text),
    pieces: pick(true).map(({ text }) => text),
    counts: { long, torn, replaced },
  };
}

function linesOf(bytes: Uint8Array, size?: number): string[] {
  return read(bytes, size === undefined ? {} : { size }).lines;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function utf16(text: string, isBig: boolean): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), !isBig);
  return bytes;
}

test("CaptureText reads UTF-8 and UTF-16, with or without a mark, in any pieces", () => {
  const text = ":a é 🤡\r\n\n@日 b";
  for (
    const bytes of [
      utf8(text),
      utf8(`\ufeff${text}`),
      utf16(text, false),
      utf16(text, true),
      utf16(`\ufeff${text}`, false),
      utf16(`\ufeff${text}`, true),
    ]
  ) {
    for (const size of [1, 2, 3, 7, 1_000]) {
      assert.deepEqual(linesOf(bytes, size), [":a é 🤡", "@日 b"], `${bytes.slice(0, 4)}`);
    }
  }
});

test("CaptureText keeps a mark that stands elsewhere, and what only begins like one", () => {
  assert.deepEqual(linesOf(utf8("a\n\ufeffb")), ["a", "\ufeffb"]);
  assert.deepEqual(linesOf(utf8("\ufeff\ufeffa")), ["\ufeffa"]);
  for (
    const begin of [[0xef], [0xef, 0xbb], [0xef, 0xbb, 0xbe], [0xee, 0xbb, 0xbf], [
      0xef,
      0xba,
      0xbf,
    ]]
  ) {
    const bytes = Uint8Array.of(...begin, 0x61, 0x0a);
    const expected = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.slice(0, -1));
    assert.deepEqual(linesOf(bytes), [expected], `${begin}`);
  }
});

test("CaptureText refuses UTF-32, and nothing else that has zeros", () => {
  for (const begin of [[0xff, 0xfe, 0, 0], [0, 0, 0xfe, 0xff]]) {
    assert.throws(() => read(Uint8Array.of(...begin, 0x61)), { code: "INPUT_UNREADABLE" });
  }
  for (
    const begin of [[0xff, 0xfe, 0, 1], [0xff, 0xfe, 1, 0], [0, 0, 0xfd, 0], [0, 1, 0xfe, 0xff]]
  ) {
    assert.doesNotThrow(() => read(Uint8Array.of(...begin, 0x61)), `${begin}`);
  }
  // Two zeros in a row are no UTF-16 of ASCII.
  assert.deepEqual(linesOf(Uint8Array.of(0x61, 0, 0, 0, 0x0a)), ["a\0\0\0"]);
  assert.deepEqual(linesOf(Uint8Array.of(0x61, 0, 0x62, 0x63, 0x0a)), ["a\0bc"]);
  assert.deepEqual(linesOf(Uint8Array.of(0, 0x61, 0, 0, 0x0a)), ["\0a\0\0"]);
  assert.deepEqual(linesOf(Uint8Array.of(0, 0x61, 0x62, 0x63, 0x0a)), ["\0abc"]);
});

test("CaptureText takes CR for a line end where the first 64 KiB have no LF", () => {
  assert.deepEqual(linesOf(utf8("a\rb\r\rc")), ["a", "b", "c"]);
  assert.deepEqual(linesOf(utf8("a\rb\nc\rd\n")), ["a\rb", "c\rd"]);
  const head = "x".repeat(HEAD_BYTES + 1_000);
  // A LF behind the head comes too late to be known of.
  const late = read(utf8(`a\r${head}\rb\nc`), { size: 1_000 });
  assert.deepEqual(late.lines.filter((line) => line.length < 9), ["a", "b", "c"]);
});

test("CaptureText looks at 64 KiB before it gives lines, and at all of a shorter text", () => {
  const text = new CaptureText();
  const line = utf8(`${"x".repeat(1_023)}\n`);
  for (let i = 0; i < 63; i++) assert.deepEqual(text.push(line), []);
  assert.equal(text.push(line).length, 64);
  assert.equal(text.push(line).length, 1);
  const bytes = utf8("mine\n");
  const kept = new CaptureText();
  kept.push(bytes);
  bytes.fill(0);
  assert.deepEqual(kept.end({ isTorn: false }).map(({ text }) => text), ["mine"]);
});

test("CaptureText takes a last line without line end for a line, or for a piece if it is torn", () => {
  assert.deepEqual(read(utf8("a\nb")), {
    lines: ["a", "b"],
    pieces: [],
    counts: { long: 0, torn: 0, replaced: 0 },
  });
  assert.deepEqual(read(utf8("a\nb"), { isTorn: true }), {
    lines: ["a"],
    pieces: ["b"],
    counts: { long: 0, torn: 1, replaced: 0 },
  });
  for (const text of ["a\n", "a\n\r"]) {
    const { lines, counts } = read(utf8(text), { isTorn: true });
    assert.deepEqual([lines, counts.torn], [["a"], 0]);
  }
  assert.deepEqual(linesOf(utf8("a\r\nb\r")), ["a", "b"]);
  // The end of UTF-16 text that breaks off in a unit.
  assert.deepEqual(linesOf(utf16("\ufeffab", false).slice(0, -1)), ["a\ufffd"]);
});

test("CaptureText gives a line that is too long in pieces, and counts it once, also at the end", () => {
  const longest = "x".repeat(LINE_LENGTH_MAX + 256);
  assert.deepEqual(read(utf8(`${longest}\na`)).counts.long, 0);
  for (const end of ["\n", ""]) {
    for (const isTorn of [false, true]) {
      const { lines, pieces, counts } = read(utf8(`a\n${longest}yz${end}`), { isTorn });
      assert.deepEqual(lines, ["a"]);
      assert.equal(pieces.join(""), `${longest}yz`);
      assert.deepEqual(counts, { long: 1, torn: 0, replaced: 0 });
    }
  }
});

test("CaptureText counts signs that stand for what is not UTF-8", () => {
  assert.equal(read(Uint8Array.of(0x61, 0xff, 0x0a, 0xc3, 0x0a)).counts.replaced, 2);
});
