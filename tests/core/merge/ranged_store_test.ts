import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { mergeBatches } from "../../../src/core/merge/merge_batches.ts";
import { readBatch } from "../../../src/core/merge/read_batch.ts";
import { scanRangedLine } from "../../../src/core/scan/ranged_line.ts";
import { hashContent } from "../../../src/core/scan/line_marks.ts";
import { toByteSpan } from "../../../src/core/scan/byte_text.ts";
import { batches } from "../../laws/colliding.ts";
import { LAWS_SEED } from "../../laws/fixed_seed.ts";
import { mergePlainly } from "../../laws/plain_merge.ts";

const UTF8 = new TextEncoder();

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** JOINs that differ only behind their time, which their hash does not look at. */
function crowd(count: number, receiver: string): string[] {
  return Array.from(
    { length: count },
    (_, n) =>
      `{"command":"JOIN","host":"h","params":["#c"],"receivers":{"${receiver}":1568505660.5},` +
      `"sender":"s","tags":null,"time":1568505610.25,"time_range":55.0,"user":"u${n}"}\n`,
  );
}

test("RangedStore tells contents apart that have one hash, however many", () => {
  const [left, right] = ["a", "b"].map((receiver) => crowd(100, receiver));
  const hashes = left!.map((line) => hashContent(scanRangedLine(toByteSpan(line).text, 0)!));
  assert.equal(new Set(hashes).size, 1, "they were to have one hash");
  const files = [left!, right!.slice(50).reverse()].map((lines) => UTF8.encode(lines.join("")));
  const merged = mergeBatches(files);
  assert.equal(text(merged), text(mergePlainly(files)));
  assert.equal(text(merged), text(mergeBatches([merged, ...files])));
  const sets = [merged, ...files].map((bytes) => readBatch(bytes));
  assert.ok(sets[0]!.includes(sets[1]!) && sets[0]!.includes(sets[2]!));
  assert.ok(!sets[1]!.includes(sets[0]!) && !sets[2]!.includes(sets[0]!));
});

test("RangedStore keeps many sightings of a content, the wider of two", () => {
  const line = (n: number, range: string): string =>
    crowd(1, "a")[0]!.replace("660.5", `${600 + n}.5`).replace("55.0", range);
  const narrow = Array.from({ length: 40 }, (_, n) => line(n, "5.0"));
  const wide = narrow.map((_, n) => line(n, n % 2 === 0 ? "6.0" : "4.0"));
  const files = [narrow, wide.reverse(), narrow.slice(5)].map((lines) =>
    UTF8.encode(lines.join(""))
  );
  assert.equal(text(mergeBatches(files)), text(mergePlainly(files)));
  assert.equal(text(mergeBatches([...files].reverse())), text(mergePlainly(files)));
});

test("SightingSet.ranged gives a copy that needs no byte of what was added", () => {
  fc.assert(
    fc.property(
      batches(LAWS_SEED, { foreign: crowd(3, "a").map((line) => line.trimEnd()) }),
      (bytes) => {
        const own = bytes.slice();
        const set = readBatch(own, { isOwned: true });
        const copy = set.ranged();
        const lines = set.lines().map((line) => line.text).filter((line) =>
          !/"tmi-sent-ts":"\d/.test(line)
        );
        const before = set.encode();
        own.fill(0x20);
        assert.deepEqual(copy.lines().map((line) => line.text), lines);
        assert.deepEqual(copy.ranged().lines().map((line) => line.text), lines);
        copy.addAll(readBatch(bytes));
        assert.equal(text(copy.encode()), text(before));
      },
    ),
    { numRuns: 2_000, seed: LAWS_SEED },
  );
});
