import assert from "node:assert/strict";
import { formatEntry, parseEntry } from "../../src/engine/journal/entry.ts";
import { recoverJournals } from "../../src/engine/recovery/recover_journals.ts";
import { memoryJournal } from "../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../src/adapters/hashers/wasm_hasher.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import {
  chance,
  intBelow,
  pick,
  type SeededRandom,
} from "../../src/testing/chance/seeded_random.ts";
import { LINES } from "./corpus.ts";
import { mutateBytes, mutateText } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

const hasher = await wasmHasher();

/**
 * Journals: whatever stands in one, recovery gets to its end, keeps what it does not understand, and
 * recovering does not depend on how often it is done.
 */
export const journalTarget: FuzzTarget = {
  name: "journals",
  async check(random) {
    const text = journalText(random);
    for (const line of text.split("\n")) {
      const entry = parseEntry(line);
      if (entry === undefined) continue;
      assert.deepEqual(parseEntry(formatEntry(entry).slice(0, -1)), entry, line);
    }
    const bytes = new TextEncoder().encode(text);
    const broken = chance(random, 0.3) ? mutateBytes(random, bytes) : bytes;
    assert.deepEqual(await recover(broken), await recover(broken));
  },
};

async function recover(bytes: Uint8Array): Promise<string[]> {
  const journals = memoryJournal();
  const store = memoryStore();
  const run = await journals.openRun("fuzz");
  run.append(bytes);
  journals.crash();
  await recoverJournals({ journals, store, hasher, reporter: noopReporter });
  const keys: string[] = [];
  for await (const key of store.list("")) keys.push(key);
  for await (const left of journals.deadRuns()) assert.fail(`${left.name} was not removed`);
  return keys;
}

function journalText(random: SeededRandom): string {
  let elapsedUs = intBelow(random, 1e9);
  const wallUs = 1_785_587_640_000_000 + intBelow(random, 3600) * 1e6;
  const checkpoint = { run: "fuzz.AbCdE", serverClock: undefined, connections: [] };
  const entries = [formatEntry({ kind: "checkpoint", checkpoint })];
  const n = intBelow(random, 3);
  const moment = () => ({ receivedUs: wallUs + (elapsedUs += intBelow(random, 2e7)), elapsedUs });
  entries.push(formatEntry({ kind: "open", n, moment: moment() }));
  for (let left = intBelow(random, 6); left > 0; left--) {
    const line = pick(random, LINES).replace(/[\r\n]/g, "");
    const kind = chance(random, 0.9) ? "line" : "piece";
    entries.push(formatEntry({ kind, n, moment: moment(), line }));
  }
  if (chance(random, 0.3)) entries.push(formatEntry({ kind: "stored", id: 0 }));
  if (chance(random, 0.3)) entries.push(formatEntry({ kind: "close", n, moment: moment() }));
  const text = entries.join("");
  return chance(random, 0.7) ? mutateText(random, text, [...LINES, text]) : text;
}
