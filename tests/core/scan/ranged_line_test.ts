import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import fc from "fast-check";
import { encodeBatch, parseMessageLine } from "../../../src/core/batch/batch.ts";
import { toByteSpan } from "../../../src/core/scan/byte_text.ts";
import { contentOfFields, sentUs } from "../../../src/core/batch/content.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { contentText } from "../../../src/core/scan/line_marks.ts";
import { toRangedLine } from "../../../src/core/scan/written_line.ts";
import { rangedSightings } from "../../../src/core/batch/ranged_sightings.ts";
import { scanRangedLine } from "../../../src/core/scan/ranged_line.ts";
import { readRange } from "../../../src/core/time.ts";
import { goldenBatches, goldenMissing } from "../../golden/golden_batches.ts";
import { damagedLines } from "./damaged_lines.ts";
import "../../laws/fixed_seed.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 5_000);

const JOIN: Message = {
  command: "JOIN",
  params: ["#c"],
  sender: "ada",
  user: "ada",
  host: "ada.tmi.twitch.tv",
  tags: null,
  receivers: { "alpha.AbCdE.0": 1568505660.5 },
  time: 1568505610.25,
  time_range: 55,
};

const OWN = { received: 1e-7, time: 1568505610, time_range: 55.5 };

const LINES = [
  JOIN,
  { ...JOIN, command: "ROOMSTATE", tags: {}, sender: null, receivers: { a: OWN, "b}": -0 } },
  { ...JOIN, params: [], tags: { id: '{\\"', slow: "5" }, receivers: { "\u00e9": 5, z: OWN } },
].map((message) => new TextDecoder().decode(encodeBatch([message])).slice(0, -1));

/** Fails unless the scan of `line` is what the slow way reads. */
function assertTrue(line: string, scanned: NonNullable<ReturnType<typeof scanRangedLine>>): void {
  const message = parseMessageLine(line.slice(0, scanned.to), 1);
  assert.equal(sentUs(message.tags), undefined);
  assert.equal(
    contentText(scanned),
    contentText(toRangedLine(contentOfFields(message), rangedSightings(message))),
  );
  assert.deepEqual(
    { startUs: scanned.range.startUs, endUs: scanned.range.endUs },
    readRange(message),
  );
  const sightings = scanned.sightings.map(({ receiver, receivedS, startUs, endUs }) => ({
    receiver,
    receivedS,
    startUs,
    endUs,
  }));
  assert.deepEqual(sightings, rangedSightings(message));
}

test("scanRangedLine takes canonical lines, wherever they end", () => {
  for (const line of LINES) {
    for (const end of ["", "\n", "\n{"]) {
      const scanned = scanRangedLine(toByteSpan(line + end).text, 0);
      assert.ok(scanned !== undefined, line);
      assert.equal(scanned.to, line.length);
      assertTrue(line, scanned);
    }
  }
});

test("scanRangedLine takes every ranged line of the reference", { skip: goldenMissing }, () => {
  const lines = goldenBatches().flatMap(({ bytes }) => new TextDecoder().decode(bytes).split("\n"))
    .filter((line) => line !== "" && !line.includes('"tmi-sent-ts":'));
  assert.ok(lines.length > 10);
  for (const line of lines) {
    const scanned = scanRangedLine(toByteSpan(line).text, 0);
    assert.ok(scanned !== undefined, line);
    assertTrue(line, scanned);
  }
});

test("scanRangedLine finds in damaged lines what the slow way finds, or nothing", () => {
  let taken = 0;
  fc.assert(
    fc.property(damagedLines(LINES), (line) => {
      // Marks are counted in bytes, and only pure ASCII can be canonical.
      const scanned = scanRangedLine(toByteSpan(line).text, 0);
      if (scanned === undefined) return;
      taken++;
      assertTrue(line, scanned);
    }),
    { numRuns: RUNS },
  );
  assert.ok(taken > RUNS / 100, `only ${taken} lines were taken`);
});
