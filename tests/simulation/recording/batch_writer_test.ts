import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { minutePrefix, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { MINUTE_US, minuteOf } from "../../../src/core/time.ts";
import { formatEntry } from "../../../src/engine/journal/entry.ts";
import { recoverJournals } from "../../../src/engine/recovery/recover_journals.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { RecordingWorld } from "./recording_world.ts";

const hasher = await wasmHasher();
const SEED = globalThis.process?.env["SIM_SEED"] ?? "batch writer";

test("BatchWriter lets no channel wait for one that the store does not take", async () => {
  const { store, deny, storedChannels } = denyingStore();
  const channels = ["ada_lovelace", "forsen", "nymn"];
  const world = new RecordingWorld({ seed: SEED, channels, store });
  await world.start();
  deny("ada_lovelace");
  await world.pass(400);
  assert.deepEqual([...storedChannels()].sort(), ["forsen", "nymn"]);
  const troubles = world.reports.filter((each) => /archive can/.test(each));
  assert.deepEqual(troubles.length, 1, "told once, not each time another channel is stored");
  await assert.rejects(world.stop(), { code: "STORE_DENIED" });
  // What could be stored in the end was: only the one channel is left to be recovered.
  const before = world.expectedSightings().filter((each) => !each.includes("#ada_lovelace"));
  assert.deepEqual(await world.archivedSightings(), before);
  deny(undefined);
  await world.end();
  await world.recover();
  await world.assertComplete();
});

test("Recorder closes a minute far ahead, which a wrong timestamp opened, and deletes its journal", async () => {
  const world = new RecordingWorld({ seed: SEED, channels: ["forsen"] });
  await world.start();
  await world.pass(30);
  const sentUs = minuteOf(world.twitch.nowUs + 1_000 * MINUTE_US);
  const line = `@id=wrong;tmi-sent-ts=${sentUs / 1000} :a!a@a PRIVMSG #forsen :from tomorrow`;
  world.twitch.publish({ channel: "forsen", line });
  await world.pass(900);
  const keys: string[] = [];
  for await (const key of world.store.list(minutePrefix("forsen", sentUs))) keys.push(key);
  assert.equal(keys.length, 1);
  await world.stop();
  await world.end();
  await world.assertComplete();
});

test("recoverJournals recovers the other runs where one meets a channel that is denied", async () => {
  const { store, deny, storedChannels } = denyingStore();
  const journals = memoryJournal();
  for (const channel of ["ada_lovelace", "forsen"]) {
    const run = await journals.openRun("node");
    const lines = [`:tmi.twitch.tv ROOMSTATE #${channel}`, `:a!a@a PART #${channel}`];
    for (const [i, line] of lines.entries()) {
      const moment = { receivedUs: 1_785_587_640_000_000 + i, elapsedUs: 1_000_000 + i };
      run.append(new TextEncoder().encode(formatEntry({ kind: "line", n: 1, moment, line })));
    }
  }
  journals.crash();
  deny("ada_lovelace");
  const recovering = recoverJournals({ journals, store, hasher, reporter: noopReporter });
  await assert.rejects(recovering, { code: "STORE_DENIED" });
  assert.deepEqual([...storedChannels()], ["forsen"]);
  const left: string[] = [];
  for await (const { name } of journals.deadRuns()) left.push(name);
  assert.deepEqual(left, ["node.00001"]);
});

function denyingStore(): {
  store: BatchStore;
  deny: (channel: string | undefined) => void;
  storedChannels: () => Set<string>;
} {
  const inner = memoryStore();
  const stored = new Set<string>();
  let denied: string | undefined;
  const store: BatchStore = {
    list: (...args) => inner.list(...args),
    folders: (...args) => inner.folders(...args),
    strays: (...args) => inner.strays(...args),
    get: (...args) => inner.get(...args),
    delete: (...args) => inner.delete(...args),
    put(key, ...rest) {
      const { channel = "" } = parseArchiveKey(key) ?? {};
      if (channel === denied) {
        return Promise.reject(new ChatloomError("STORE_DENIED", `Cannot write "${key}"`));
      }
      stored.add(channel);
      return inner.put(key, ...rest);
    },
  };
  return { store, deny: (channel) => void (denied = channel), storedChannels: () => stored };
}
