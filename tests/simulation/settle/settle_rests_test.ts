import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { BatchScanner } from "../../../src/core/ordered/batch_scanner.ts";
import { OrderedLines } from "../../../src/core/ordered/ordered_lines.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import type { Steps } from "../../../src/core/steps.ts";
import { type Micros, MINUTE_US } from "../../../src/core/time.ts";
import { ChannelSettler } from "../../../src/engine/settle/settle_channel.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { joined, NOON_S, said } from "../../conformance/api/api_world.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { hasher } from "./settle_world.ts";

// While a minute is settled its node goes on to record and to answer: no stretch of work is longer
// for a minute of more lines.

const LINES = 6_000;
const FILES = 3;
const MINUTE_AT_US = NOON_S * 1e6;
/** Half a megabyte is parsed at a time, or a thousand lines are written; and what lies around it. */
const STRETCH_MAX_BYTES = 1.5 * 1024 * 1024;
const LINE_BYTES = 700;

test("settling a busy minute rests after each stretch of work", async (t) => {
  const store = memoryStore();
  let byteCount = 0;
  for (let file = 0; file < FILES; file++) byteCount += await putFile(store, file);
  await putFile(store, 0, MINUTE_AT_US + MINUTE_US);
  const work = watchWork(t);
  const settler = new ChannelSettler("forsen", {
    store,
    hasher,
    reporter: noopReporter,
    rest: () => Promise.resolve(work.rest()),
  });
  const settled = await settler.settle({ minuteUs: MINUTE_AT_US, isAlone: false });
  assert.equal(settled.deleted, FILES);
  assert.ok(work.allBytes > 3 * byteCount, `only ${work.allBytes} bytes of work were seen`);
  assert.ok(work.longestBytes <= STRETCH_MAX_BYTES, `${work.longestBytes} bytes without a rest`);
});

async function putFile(
  store: ReturnType<typeof memoryStore>,
  file: number,
  timeUs: Micros = MINUTE_AT_US,
): Promise<number> {
  const afterNoonS = timeUs / 1e6 - NOON_S;
  const receiver = `node${file}.AbCdE.0`;
  const messages = Array.from({ length: LINES }, (_, i) => {
    if (i % 100 === 0) return joined(afterNoonS + i / 200, 20, { login: `viewer${i}`, receiver });
    return said(afterNoonS + i / 200, `${i} `.repeat(80), { receiver });
  }).filter((_, i) => i % 10 !== file); // Each missed some.
  const bytes = encodeBatch(messages);
  await store.put(batchKey("forsen", { timeUs, digest: hasher.digest(bytes) }), bytes);
  return bytes.length;
}

/** Counts what is scanned, parsed and written between two rests. */
function watchWork(t: { after(done: () => void): void }) {
  const work = { allBytes: 0, longestBytes: 0, rest: () => void (stretchBytes = 0) };
  let stretchBytes = 0;
  const count = (bytes: number) => {
    work.allBytes += bytes;
    stretchBytes += bytes;
    work.longestBytes = Math.max(work.longestBytes, stretchBytes);
  };
  const { add, encodingMinutes } = SightingSet.prototype;
  const { scan } = BatchScanner.prototype;
  SightingSet.prototype.add = function (bytes, options) {
    count(bytes.length);
    add.call(this, bytes, options);
  };
  SightingSet.prototype.encodingMinutes = function* (): Steps<Map<Micros, Uint8Array>> {
    const steps = encodingMinutes.call(this);
    for (let step = steps.next();; step = steps.next()) {
      if (step.done) return step.value;
      count(1_000 * LINE_BYTES);
      yield;
    }
  };
  BatchScanner.prototype.scan = function (bytesMax) {
    count(bytesMax ?? Infinity);
    scan.call(this, bytesMax);
  };
  // Merging, comparing and covering ask where the receivers of each line are, once or twice.
  const { receiversFrom } = OrderedLines.prototype;
  OrderedLines.prototype.receiversFrom = function (i) {
    count(LINE_BYTES / 2);
    return receiversFrom.call(this, i);
  };
  t.after(() => {
    OrderedLines.prototype.receiversFrom = receiversFrom;
    Object.assign(SightingSet.prototype, { add, encodingMinutes });
    BatchScanner.prototype.scan = scan;
  });
  return work;
}
