import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { RecordingWorld } from "../recording/recording_world.ts";
import { hasher } from "./settle_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "settle known";

/** Records for some minutes, settling as it goes; counts what is read. */
async function record({ copies, drop }: { readonly copies: number; readonly drop: number }) {
  const inner = memoryStore();
  let reads = 0;
  const store: BatchStore = {
    list: (...args) => inner.list(...args),
    folders: (...args) => inner.folders(...args),
    strays: (...args) => inner.strays(...args),
    get: (
      ...args
    ) => (reads += Number(parseArchiveKey(args[0])?.kind === "batch"), inner.get(...args)),
    delete: (...args) => inner.delete(...args),
    put: (...args) => inner.put(...args),
  };
  const settler = new Settler({ store, hasher, reporter: noopReporter, clock: virtualClock() });
  const world = new RecordingWorld({
    seed: SEED,
    channels: ["forsen", "ada_lovelace"],
    copies,
    store,
    onStored: settler.onFileStored,
    twitch: { faults: { perSecond: { drop } } },
  });
  await world.start();
  for (let minute = 0; minute < 8; minute++) {
    await world.pass(60);
    await settler.settleNoted();
  }
  await world.stop();
  await settler.settleNoted();
  const settlingReads = reads;
  await world.end();
  await world.assertComplete();
  const { written } = await settleArchive({ store, hasher, reporter: noopReporter });
  return { reads: settlingReads, written, minutes: settler.totals.minutes };
}

test("Settler reads nothing of what one connection alone recorded, and leaves it settled", async () => {
  const { reads, written, minutes } = await record({ copies: 1, drop: 0 });
  assert.ok(minutes >= 14);
  assert.equal(written, 0);
  assert.equal(reads, 0);
});

test("Settler reads what several connections recorded, or one after another", async () => {
  for (const options of [{ copies: 2, drop: 0 }, { copies: 1, drop: 0.02 }]) {
    const { reads, written } = await record(options);
    assert.ok(reads > 0);
    assert.equal(written, 0);
  }
});
