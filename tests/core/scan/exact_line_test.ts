import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import fc from "fast-check";
import { encodeBatch, parseMessageLine } from "../../../src/core/batch/batch.ts";
import { decodeSpan, toByteSpan, toByteText } from "../../../src/core/scan/byte_text.ts";
import { formatFloat } from "../../../src/core/json/canonical_json.ts";
import { asciiBytes, NOT_FOUND, skipReceived } from "../../../src/core/scan/canonical_scan.ts";
import { contentKey, contentOfFields, sentUs } from "../../../src/core/batch/content.ts";
import {
  type ExactLine,
  matchKnownLine,
  scanExactLine,
} from "../../../src/core/scan/exact_line.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { toExactLine } from "../../../src/core/merge/read_lines.ts";
import { fromSeconds } from "../../../src/core/time.ts";
import { damagedLines } from "./damaged_lines.ts";
import { goldenBatches, goldenMissing } from "../../golden/golden_batches.ts";
import "../../laws/fixed_seed.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 5_000);

function canonicalLine(fields: Partial<Message>): string {
  const message: Message = {
    command: "PRIVMSG",
    host: "h.tmi.twitch.tv",
    params: ["#c", "hi"],
    sender: "s",
    tags: { id: "1", "tmi-sent-ts": "1568505652987", zz: "" },
    user: "u",
    receivers: { "alpha.AbCdE.0": 1568505653.25 },
    time: 1568505652.987,
    time_range: 0,
    ...fields,
  };
  return new TextDecoder().decode(encodeBatch([message])).slice(0, -1);
}

const LINES = [
  canonicalLine({}),
  canonicalLine({ params: [], sender: null, host: null, user: null }),
  canonicalLine({
    params: ["#c", 'a\\"\n\r\t\b\f\u0000\u001f\u007f/\u00e9\u{1f600}\ud800'],
    receivers: { "a": 1568505653.4480002, "a b": 1568505652.5, "b": 1568505653 },
  }),
  canonicalLine({
    tags: { "a": "\\", "a-b": "{},:[]", "tmi-sent-ts": "1568505652000", "tmi-sent-tsx": "" },
    time: 1568505652,
  }),
  canonicalLine({ tags: { "tmi-sent-ts": "1568505652900" }, time: 1568505652.9 }),
];

/** The slow way to read a line: `undefined` if it is no message. */
function parse(line: string): Message | undefined {
  try {
    return parseMessageLine(line, 1);
  } catch {
    return undefined;
  }
}

/** The line as the slow way would write it, but with the length of its range as it stands. */
function rewrite(message: Message, range: string): string {
  const sightings = Object.keys(message.receivers).map((receiver) => ({
    receiver,
    receivedS: message.receivers[receiver] as number,
  }));
  const exact = toExactLine(contentOfFields(message), sightings, sentUs(message.tags)!);
  const { bytes } = exact.text;
  return decodeSpan(bytes, 0, exact.rangeFrom) + range +
    decodeSpan(bytes, exact.rangeTo, bytes.length);
}

/** Fails unless all that the scan found in `line` is what the slow way finds. */
function assertTrue(line: string, scanned: ExactLine): void {
  const text = decodeSpan(scanned.text.bytes, scanned.from, scanned.to);
  const message = parse(text);
  assert.ok(message !== undefined, `scanned, but not a message: ${line}`);
  assert.equal(scanned.sentUs, sentUs(message.tags));
  assert.equal(fromSeconds(message.time), scanned.sentUs);
  assert.equal(message.time_range, 0);
  assert.equal(rewrite(message, text.slice(scanned.rangeFrom, scanned.rangeTo)), text);
}

test("scanExactLine takes canonical lines, wherever they end", () => {
  for (const line of LINES) {
    for (const end of ["", "\n", "\n{"]) {
      const scanned = scanExactLine(toByteSpan(line + end).text, 0);
      assert.ok(scanned !== undefined, line);
      assert.equal(scanned.to, line.length);
      assertTrue(line, scanned);
    }
  }
});

test("scanExactLine takes every exact line of the reference", { skip: goldenMissing }, () => {
  let count = 0;
  for (const { bytes } of goldenBatches()) {
    const text = toByteText(bytes);
    for (let at = 0; at < bytes.length; at = bytes.indexOf(10, at) + 1) {
      const line = decodeSpan(bytes, at, bytes.indexOf(10, at));
      if (!line.includes('"tmi-sent-ts":')) continue;
      const scanned = scanExactLine(text, at);
      assert.ok(scanned !== undefined, line);
      assert.equal(decodeSpan(bytes, at, scanned.to), line);
      assert.equal(rewrite(parse(line)!, line.includes(":0.0,") ? "0.0" : "0"), line);
      count++;
    }
  }
  assert.ok(count > 500);
});

test("scanExactLine leaves to the slow way what is not canonical", () => {
  const [line = ""] = LINES;
  const others = [
    line.replace('"PRIVMSG"', '"\\u0050RIVMSG"'),
    line.replace("hi", "\u00e9"),
    line.replace("hi", "\\u00E9"),
    line.replace("hi", "\\/"),
    line.replace("hi", "\\u000a"),
    line.replace("hi", "\u007f"),
    line.replace('"id"', '"zzz"'),
    line.replace('"id"', '"tmi-sent-ts"'),
    line.replace('"sender"', '"tags"'),
    line.replace(",", ", "),
    line.replace("653.25", "653.250"),
    line.replace("653.25", "653.4480001"), // Reads back as …4480002.
    line.replace("653.25", "0653.25"),
    line.replace("653.25", "653"),
    line.replace("653.25", "6531.25"),
    line.replace("1568505653.25", '1568505653.25,"Alpha":1568505653.25'),
    line.replace("1568505653.25", '1568505653.25,"alpha.AbCdE.0":1568505653.25'),
    line.replace('"time":1568505652.987', '"time":1568505652.986'),
    line.replace('"time":1568505652.987', '"time":1568505652.9870'),
    line.replace('"time_range":0', '"time_range":00'),
    line.replace('"time_range":0', '"time_range":-0'),
    line.replace('"time_range":0', '"time_range":1'),
    line.replace('"1568505652987"', '"1568505652987x"'),
    line.replace('"1568505652987"', '"9999999999999"').replace("652.987", "9999999999.999"),
    `${line} `,
    ` ${line}`,
    `${line}\r\n`,
    line.slice(0, -1),
  ];
  for (const other of others) {
    assert.equal(scanExactLine(toByteSpan(other).text, 0), undefined, other);
  }
});

const damaged = damagedLines(LINES);

test("scanExactLine finds in damaged lines what the slow way finds, or nothing", () => {
  let taken = 0;
  fc.assert(
    fc.property(damaged, (line) => {
      const scanned = scanExactLine(toByteSpan(line).text, 0);
      if (scanned === undefined) return;
      taken++;
      assertTrue(line, scanned);
    }),
    { numRuns: RUNS },
  );
  assert.ok(taken > RUNS / 100, `only ${taken} lines were taken`);
});

test("matchKnownLine finds in damaged lines what the slow way finds, or nothing", () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.constantFrom(...LINES), damaged, (known, line) => {
      const message = { line: scanExactLine(toByteSpan(known).text, 0)! };
      const text = toByteText(new TextEncoder().encode(`\n\n\n${line}`));
      const repeat = matchKnownLine(text, 3, message);
      if (repeat === undefined) return;
      taken++;
      const read = decodeSpan(text.bytes, 3, repeat.lineTo);
      const parsed = parse(read);
      assert.ok(parsed !== undefined, `scanned, but not a message: ${line}`);
      assert.equal(contentKey(contentOfFields(parsed)), contentKey(contentOfFields(parse(known)!)));
      assert.equal(
        decodeSpan(text.bytes, repeat.from, repeat.to),
        Object.entries(parsed.receivers).sort(([a], [b]) => a < b ? -1 : 1)
          .map(([id, time]) => `${JSON.stringify(id)}:${formatFloat(time as number)}`).join(","),
      );
    }),
    { numRuns: RUNS },
  );
  assert.ok(taken > RUNS / 1000, `only ${taken} lines were taken`);
});

test("skipReceived takes a decimal only if it is the shortest of its double", () => {
  let taken = 0;
  const second = fc.integer({ min: 1_000_000_000, max: 9_999_999_999 });
  const digits = fc.oneof(
    fc.nat(9_999_999).map((n) => String(n).padStart(7, "0")),
    fc.stringMatching(/^\d{1,8}$/),
  );
  const decimal = fc.oneof(
    fc.tuple(second, digits).map(([second, digits]) => `${second}.${digits}`),
    fc.tuple(second, fc.double({ min: 0, max: 0.999, noNaN: true }))
      .map(([second, fraction]) => formatFloat(second + fraction)),
  );
  fc.assert(
    fc.property(decimal, (text) => {
      const to = skipReceived(asciiBytes(`${text},`), 0);
      if (to === NOT_FOUND) return;
      taken++;
      assert.equal(to, text.length);
      assert.equal(formatFloat(Number(text)), text);
    }),
    { numRuns: RUNS },
  );
  assert.ok(taken > RUNS / 4, `only ${taken} were taken`);
});

test("skipReceived takes what clocks say: doubles between 2004 and 2038", () => {
  let left = 0;
  fc.assert(
    fc.property(fc.double({ min: 2 ** 30, max: 2 ** 31 - 1, noNaN: true }), (seconds) => {
      const text = formatFloat(seconds);
      if (skipReceived(asciiBytes(`${text}}`), 0) !== text.length) left++;
    }),
    { numRuns: RUNS },
  );
  assert.ok(left <= RUNS / 100, `${left} of ${RUNS} were left to the slow way`);
});
