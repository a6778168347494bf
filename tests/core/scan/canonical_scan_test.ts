import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFloat } from "../../../src/core/json/canonical_json.ts";
import {
  areSpansEqual,
  copySpan,
  decodeSpan,
  standsAt,
  toByteSpan,
  toByteText,
} from "../../../src/core/scan/byte_text.ts";
import {
  asciiBytes,
  NOT_FOUND,
  skipLiteral,
  skipPlainString,
  skipReceived,
  skipString,
} from "../../../src/core/scan/canonical_scan.ts";
import { lineTime } from "../../../src/core/scan/line_time.ts";
import { isEndOfLine, isKeyBefore } from "../../../src/core/scan/message_scan.ts";

test("skipLiteral finds exactly these bytes, at that place", () => {
  const bytes = asciiBytes("abcab");
  assert.equal(skipLiteral(bytes, 0, asciiBytes("abc")), 3);
  assert.equal(skipLiteral(bytes, 3, asciiBytes("ab")), 5);
  assert.equal(skipLiteral(bytes, 3, asciiBytes("abc")), NOT_FOUND);
  assert.equal(skipLiteral(bytes, 1, asciiBytes("abc")), NOT_FOUND);
  assert.equal(skipLiteral(bytes, 2, asciiBytes("")), 2);
  assert.equal(skipLiteral(bytes, NOT_FOUND, asciiBytes("abc")), NOT_FOUND);
});

test("skipString takes a string as canonical JSON writes it, and leaves every other form", () => {
  for (let unit = 0; unit < 0x180; unit++) {
    const letter = String.fromCharCode(unit);
    const hex = `\\u${unit.toString(16).padStart(4, "0")}`;
    // JSON.stringify leaves U+007F and above as they are; canonical JSON escapes them.
    const canonical = unit < 0x7f ? JSON.stringify(letter).slice(1, -1) : hex;
    for (const form of new Set([letter, hex, canonical, `\\${letter}`])) {
      if (unit > 0x7f && form.includes(letter)) continue; // No single byte.
      const text = `"a${form}b"`;
      const isCanonical = form === canonical || /^\\["\\bfnrt]$/.test(form);
      if (form === '"') continue; // It ends the string.
      if (form === "\\") continue; // It escapes the b.
      assert.equal(skipString(asciiBytes(text), 0), isCanonical ? text.length : NOT_FOUND, text);
    }
  }
});

test("skipString and skipPlainString end at their own quote, and at no end of the bytes", () => {
  const cases: [text: string, string: number, plain: number][] = [
    ['""', 2, 2],
    ['"a"', 3, 3],
    ['"a"b"', 3, 3],
    ['"\\""', 4, NOT_FOUND],
    ['"\\u00e9x"', 9, NOT_FOUND],
    ['"\\u00E9"', NOT_FOUND, NOT_FOUND],
    ['"\\u00g9"', NOT_FOUND, NOT_FOUND],
    ['"\\u00e"', NOT_FOUND, NOT_FOUND],
    ['"\\u00/0"', NOT_FOUND, NOT_FOUND],
    ['"\\u00:0"', NOT_FOUND, NOT_FOUND],
    ['"\\u00`0"', NOT_FOUND, NOT_FOUND],
    ['"\\uffff"', 8, NOT_FOUND],
    ['"\\u001f"', 8, NOT_FOUND],
    ['"\\u0020"', NOT_FOUND, NOT_FOUND],
    ['"\\u007e"', NOT_FOUND, NOT_FOUND],
    ['"\\u007f"', 8, NOT_FOUND],
    ['"\\x"', NOT_FOUND, NOT_FOUND],
    ["a", NOT_FOUND, NOT_FOUND],
    ["", NOT_FOUND, NOT_FOUND],
    ['"', NOT_FOUND, NOT_FOUND],
    ['"a', NOT_FOUND, NOT_FOUND],
    ['"a\\', NOT_FOUND, NOT_FOUND],
    ['"\\u00e9', NOT_FOUND, NOT_FOUND],
    ['"\\u00', NOT_FOUND, NOT_FOUND],
  ];
  for (const [text, string, plain] of cases) {
    assert.equal(skipString(asciiBytes(text), 0), string, text);
    assert.equal(skipPlainString(asciiBytes(text), 0), plain, text);
    assert.equal(
      skipString(asciiBytes(`xx${text}`), 2),
      string === NOT_FOUND ? NOT_FOUND : string + 2,
      text,
    );
  }
});

test("skipReceived takes ten digits, a point, and the shortest fraction", () => {
  const cases: [text: string, isTaken: boolean][] = [
    ["1000000000.0", true],
    ["1785587645.5", true],
    ["1785587645.123456", true],
    ["1785587645.0", true],
    ["4294967295.999999", true],
    ["4294967296.0", false],
    ["9999999999.0", false],
    ["0785587645.5", false],
    ["178558764.5", false],
    ["17855876455.5", false],
    ["1785587645", false],
    ["1785587645.", false],
    ["1785587645.50", false],
    ["1785587645.00", false],
    ["1785587645.1234560", false],
    ["17:5587645.5", false],
    ["17/5587645.5", false],
    ["/785587645.5", false],
    [":785587645.5", false],
    ["1785587645,5", false],
    ["1785587645.5x", true],
    ["1785587645.12345678", false],
    ["", false],
  ];
  for (const [text, isTaken] of cases) {
    const expected = isTaken ? text.replace("x", "").length : NOT_FOUND;
    assert.equal(skipReceived(asciiBytes(text), 0), expected, text);
    assert.equal(
      skipReceived(asciiBytes(`ab${text}`), 2),
      isTaken ? expected + 2 : NOT_FOUND,
      text,
    );
  }
});

test("skipReceived takes seven digits only where six would mean another double", () => {
  // A step of the doubles at 2^30 and above is 2^-22: some of them need seven digits, most do not.
  for (const second of [2 ** 30, 1_568_505_653, 2 ** 31 - 1]) {
    let [seven, taken] = [0, 0];
    for (let step = 0; step < 4_000; step++) {
      const text = formatFloat(second + (step * 1_049 + 1) / 2 ** 22);
      const digits = text.length - text.indexOf(".") - 1;
      const to = skipReceived(asciiBytes(`${text},`), 0);
      if (digits === 7) seven++;
      if (to !== NOT_FOUND) assert.equal(to, text.length, text);
      if (digits === 7 && to !== NOT_FOUND) taken++;
      if (digits < 7) assert.equal(to, text.length, text);
      // Its neighbours read back as the same double or as another, but are never what is printed.
      if (digits !== 7) continue;
      const last = Number(text.at(-1));
      for (const other of [last - 1, last + 1]) {
        if (other < 1 || other > 9) continue;
        const near = text.slice(0, -1) + other;
        const isPrinted = formatFloat(Number(near)) === near;
        const found = skipReceived(asciiBytes(near), 0);
        assert.ok(found === NOT_FOUND || isPrinted, near);
      }
    }
    assert.ok(seven > 1_000 && taken > 0.9 * seven, `${taken} of ${seven} at ${second}`);
  }
  for (const text of ["1073741823.1234567", "2147483648.1234567", "4294967295.1234567"]) {
    assert.equal(skipReceived(asciiBytes(text), 0), NOT_FOUND, text);
  }
});

test("isKeyBefore orders keys as text, one that begins another first", () => {
  for (
    const [left, right, expected] of [
      ["a", "b", true],
      ["b", "a", false],
      ["a", "a", false],
      ["a", "aa", true],
      ["aa", "a", false],
      // Less than a quote, which ends the other.
      ["a", "a!", true],
      ["a!", "a", false],
      ["", "a", true],
      ["ab", "b", true],
      ["a-b", "ab", true],
    ] as const
  ) {
    const bytes = asciiBytes(`"${left}""${right}"`);
    assert.equal(isKeyBefore(bytes, 0, left.length + 2), expected, `${left} ${right}`);
  }
});

test("isEndOfLine is before a line feed and at the end", () => {
  const bytes = asciiBytes("a\nb");
  assert.deepEqual([0, 1, 2, 3].map((at) => isEndOfLine(bytes, at)), [false, true, false, true]);
});

test("standsAt, areSpansEqual and copySpan look at each byte of runs of any length", () => {
  const letters = "abcdefghijklmnopqrstuvwxyz";
  for (let length = 0; length <= letters.length; length++) {
    for (const offset of [0, 1, 5]) {
      const span = { text: toByteText(asciiBytes(`__${letters}`)), from: 2, to: 2 + length };
      const copy = toByteText(new Uint8Array(40).fill(0x2e));
      assert.equal(copySpan(span, copy, offset), offset + length);
      const expected = ".".repeat(offset) + letters.slice(0, length) +
        ".".repeat(40 - offset - length);
      assert.equal(decodeSpan(copy.bytes, 0, 40), expected);
      assert.ok(standsAt(span, copy, offset));
      const run = { text: copy, from: offset, to: offset + length };
      assert.ok(areSpansEqual(span, run));
      assert.ok(!areSpansEqual(span, { ...run, to: run.to + 1 }));
      for (let i = 0; i < length; i++) {
        copy.bytes[offset + i] = 0x5f;
        assert.ok(!standsAt(span, copy, offset), `${length} letters, another at ${i}`);
        assert.ok(!areSpansEqual(span, run));
        copy.bytes[offset + i] = letters.charCodeAt(i);
      }
    }
    // It may stand at the very end, and not beyond.
    const span = { ...toByteSpan(letters.slice(0, length)) };
    const text = toByteText(asciiBytes(`_${letters.slice(0, length)}`));
    assert.ok(standsAt(span, text, 1));
    if (length > 0) assert.ok(!standsAt(span, toByteText(text.bytes.subarray(0, length)), 1));
  }
});

test("lineTime reads the end of a line, or all of it where that says nothing", () => {
  const time = (line: string) => lineTime(asciiBytes(`${line}\n`));
  const expected = { startUs: 5_500_000, endUs: 7_000_000 };
  for (
    const line of [
      `{"time":5.5,"time_range":1.5,"user":"u"}`,
      `{"a":1,"time":5.5,"time_range":1.5,"user":null}`,
      `{"a":1,"time":5.5,"time_range":1.5,"user":"a\\"b"}`,
      `{"a":1,"time":5.5,"time_range":1.5,"user":"u","z":1}`,
      `{"a":1,"time":5.5,"time_range":1.5,"user":"${"u".repeat(500)}"}`,
      `{"a":"${"x".repeat(500)}","time":5.5,"time_range":1.5,"user":"u"}`,
      `{"a":1,"time":55e-1,"time_range":15e-1,"user":"u"}`,
    ]
  ) assert.deepEqual(time(line), expected, line);
  assert.throws(() => time("x"), SyntaxError);
});
