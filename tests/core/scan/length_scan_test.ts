import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { formatFloat } from "../../../src/core/json/canonical_json.ts";
import {
  asciiBytes,
  NOT_FOUND,
  readLength,
  readReceived,
  skipLength,
  skipReceived,
} from "../../../src/core/scan/canonical_scan.ts";
import { readLongLength } from "../../../src/core/scan/long_length.ts";
import { RANGE_MAX_US, SECOND_US, toRangeSeconds } from "../../../src/core/time.ts";
import "../../laws/fixed_seed.ts";

const range = fc.tuple(
  fc.integer({ min: 1.2e15, max: 2e15 }),
  fc.integer({ min: SECOND_US, max: RANGE_MAX_US }),
).map(([startUs, lengthUs]) => ({ startUs, endUs: startUs + lengthUs }));

/** A length as text: as it is written, with other last digits, or of 16 or 17 digits, few of them needed. */
const changed = fc.tuple(range, fc.nat(4), fc.nat(999)).map(([each, cut, digits]) => {
  const length = toRangeSeconds(each);
  const text = formatFloat(length);
  if (cut === 4) return length.toPrecision(16 + digits % 2);
  return cut === 0 ? text : text.slice(0, -cut) + digits;
});

/** What the scan says of a length that it takes as a whole: short or long. */
function scan(text: string): number {
  const bytes = asciiBytes(text);
  const to = skipLength(bytes, 0);
  if (to !== text.length) return NaN;
  const short = readLength(bytes, 0, to);
  return Number.isNaN(short) ? readLongLength(bytes, 0, to) : short;
}

test("readLength and readLongLength read nearly every length of a second and more", () => {
  let missed = 0;
  fc.assert(
    fc.property(range, (each) => {
      const length = toRangeSeconds(each);
      const scanned = scan(formatFloat(length));
      if (Number.isNaN(scanned)) missed++;
      else assert.equal(scanned, length);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(missed < 2_000, `${missed} of 20,000 took the slow way`);
});

test("a length that readLength or readLongLength takes is the shortest form of its double", () => {
  let taken = 0;
  fc.assert(
    fc.property(changed, (text) => {
      const scanned = scan(text);
      if (Number.isNaN(scanned)) return;
      taken++;
      assert.equal(scanned, Number(text));
      assert.equal(formatFloat(scanned), text);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(taken > 2_000, `only ${taken} were taken`);
});

test("skipLength takes the usual form and nothing else", () => {
  for (const text of ["0.5", "1.0", "60.0", "59.99999976158142", "5.000000238418579"]) {
    assert.equal(skipLength(asciiBytes(text), 0), text.length, text);
    assert.equal(skipLength(asciiBytes(`${text},`), 0), text.length, text);
  }
  const others = [
    "",
    "5",
    "5.",
    ".5",
    "05.5",
    "00.5",
    "0.0",
    "0.05",
    "5.50",
    "123.5",
    "-1.5",
    "1.5e1",
  ];
  for (const text of [...others, "5.00000023841857910"]) {
    const to = skipLength(asciiBytes(text), 0);
    assert.ok(to === NOT_FOUND || text === "1.5e1" && to === 3, text);
  }
});

test("readReceived reads what skipReceived takes", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e9, max: 2 ** 32, noNaN: true }),
      fc.boolean(),
      (any, isMicros) => {
        const value = isMicros ? Math.floor(any * 1e6) / 1e6 : any;
        const bytes = asciiBytes(formatFloat(value));
        if (skipReceived(bytes, 0) !== bytes.length) return;
        assert.equal(readReceived(bytes, 0, bytes.length), value);
      },
    ),
    { numRuns: 20_000 },
  );
});
