// A channel of one message a second writes 1,440 batches a day. When one of 100,000 changes, what has to
// be done does not depend on the others: list the minute and those beside it, read what is there, write
// one batch, look whether it is there, delete what it replaces. And a pass over all of them
// should need no more memory for 100,000 than for 10,000.
import process from "node:process";
import { settleArchive } from "../../src/engine/settle/settle_archive.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { tellRow } from "./bench_row.ts";
import { hasher } from "../simulation/settle/settle_world.ts";
import { generatedArchive } from "./worlds/generated_archive.ts";
import { type CallCounts, settleOneOf } from "./settle_one.ts";

const gc = (globalThis as { gc?: () => void }).gc;

/** The most that is in memory while a generated archive is settled, in MB above the beginning. */
async function peakMb(batchCount: number): Promise<number> {
  const store = generatedArchive(batchCount);
  gc?.();
  const before = process.memoryUsage().heapUsed;
  let peak = 0;
  let minutes = 0;
  const startMs = performance.now();
  await settleArchive({
    store,
    hasher,
    reporter: noopReporter,
    onProgress: () => {
      if (++minutes % 2_000 !== 0) return;
      gc?.();
      peak = Math.max(peak, process.memoryUsage().heapUsed - before);
    },
  });
  const us = (performance.now() - startMs) * 1000 / minutes;
  const mb = peak / 2 ** 20;
  console.log(
    `settling all of ${batchCount} batches: ${mb.toFixed(1)} MB at most, ${us.toFixed(0)} µs each`,
  );
  return mb;
}

const small = await settleOneOf(1_000);
const large = await settleOneOf(100_000);
console.log("store calls when one minute of 1,000 changed:", small);
console.log("store calls when one minute of 100,000 changed:", large);
const few = await peakMb(10_000);
const many = await peakMb(100_000);
if (JSON.stringify(small) !== JSON.stringify(large)) {
  console.log("short: the calls depend on the size of the archive");
  process.exitCode = 1;
}
const sum = (counts: CallCounts) => Object.values(counts).reduce((all, count) => all + count, 0);
tellRow({
  name: "calls for one minute of 100,000",
  figure: sum(large) / sum(small),
  unit: "× calls for one of 1,000",
  atMost: 1,
});
if (gc === undefined) console.log("memory is not judged: run with --v8-flags=--expose-gc");
else {
  tellRow({
    name: "memory to settle 100,000 batches",
    // What varies is what the collector leaves, not what settling keeps.
    figure: many / (few + 2),
    unit: "× memory to settle 10,000",
    atMost: 1.5,
    detail: `${many.toFixed(1)} against ${few.toFixed(1)} MB`,
  });
}
