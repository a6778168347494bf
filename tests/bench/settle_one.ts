import { batchKey } from "../../src/core/archive/archive_key.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { SightingSet } from "../../src/core/merge/sighting_set.ts";
import { MINUTE_US, SECOND_US } from "../../src/core/time.ts";
import { Settler } from "../../src/engine/settle/settler.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { faultyStore } from "../../src/testing/faults/faulty_store.ts";
import { virtualClock } from "../../src/testing/time/virtual_clock.ts";
import { hasher } from "../simulation/settle/settle_world.ts";
import {
  addMessage,
  BEGIN_US,
  GENERATED_CHANNEL,
  generatedBatch,
} from "./worlds/generated_archive.ts";

/** How often each call was made, and how many minutes' files were read. */
export type CallCounts = Readonly<Record<string, number>>;

/**
 * Fills a store with `batchCount` settled batches, lets one more file come for the minute in the middle,
 * settles what changed, and counts the calls that took.
 */
export async function settleOneOf(batchCount: number): Promise<CallCounts> {
  const inner = memoryStore();
  for (let i = 0; i < batchCount; i++) await inner.put(...generatedBatch(BEGIN_US + i * MINUTE_US));
  const changedUs = BEGIN_US + Math.floor(batchCount / 2) * MINUTE_US;
  const set = new SightingSet();
  addMessage(set, changedUs + 5 * SECOND_US);
  const bytes = set.encode();
  const key = batchKey(GENERATED_CHANNEL, { timeUs: changedUs, digest: hasher.digest(bytes) });
  await inner.put(key, bytes);

  const counts: Record<string, number> = {};
  const minutes = new Set<string>();
  const store = faultyStore(inner, {
    plan: ({ method, subject }) => {
      counts[method] = (counts[method] ?? 0) + 1;
      const minute = /T\d\d\/\d\d/.exec(subject)?.[0];
      if (minute !== undefined) minutes.add(minute);
      return undefined;
    },
  });
  const settler = new Settler({ store, hasher, reporter: noopReporter, clock: virtualClock() });
  settler.onFileStored(key);
  const { written, deleted } = await settler.settleNoted();
  return { ...counts, minutes: minutes.size, written, deleted };
}
