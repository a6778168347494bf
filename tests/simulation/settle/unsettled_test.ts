import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { memoryUnsettled } from "../../../src/adapters/memory/memory_notes.ts";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import { Unsettled } from "../../../src/engine/settle/unsettled.ts";
import { checkFolders } from "../../../src/engine/sync/plan/own_folders.ts";
import { DamagedFiles } from "../../../src/engine/sync/state/damaged_files.ts";
import { SupersededFiles } from "../../../src/engine/sync/state/superseded_files.ts";
import { memoryNotes } from "../../../src/adapters/memory/memory_notes.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  contentsOf,
  filesOf,
  filesOfSet,
  hasher,
  type SmallSighting,
  textsOf,
  truthOf,
} from "./settle_world.ts";

const ONE: SmallSighting = {
  content: 1,
  isExact: true,
  receiver: 1,
  receivedS: 2,
  startS: 1,
  lengthS: 0,
};
const OTHER: SmallSighting = { ...ONE, receiver: 2 };
const TRUTH = textsOf(filesOfSet(truthOf([ONE, OTHER])));

test("Unsettled notes an hour before the first put, so that a kill at any moment is settled later", async () => {
  // The process dies within each call in turn: of the notes, of the store, and after all of them.
  for (let callsLeft = 0; callsLeft < 12; callsLeft++) {
    let left = callsLeft;
    const dead = new Promise<never>(() => {});
    const alive = <T>(work: () => Promise<T>) => left-- > 0 ? work() : dead;
    const clock = virtualClock();
    const [files, notes] = [memoryStore(), memoryUnsettled()];
    const mortal = { ...notes, add: (place: typeof NOWHERE) => alive(() => notes.add(place)) };
    const store = {
      ...files,
      list: files.list.bind(files),
      folders: files.folders.bind(files),
      get: files.get.bind(files),
      delete: (key: ArchiveKey) => alive(() => files.delete(key)),
      strays: files.strays.bind(files),
      put: (key: ArchiveKey, bytes: Uint8Array) => alive(() => files.put(key, bytes)),
    };
    const unsettled = new Unsettled(mortal, { clock, reporter: noopReporter });
    const settler = new Settler({ store, hasher, clock, reporter: noopReporter, unsettled });
    const watched = unsettled.watch(store);
    const life = async () => {
      for (const [key, bytes] of [...filesOf([ONE]), ...filesOf([OTHER])]) {
        await watched.put(key, bytes);
        settler.onFileStored(key);
      }
      await settler.settleNoted();
    };
    let isOver = false;
    life().then(() => isOver = true);
    for (let i = 0; i < 500; i++) await Promise.resolve();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve));

    const next = notes.next();
    const later = new Unsettled(next, { clock, reporter: noopReporter });
    const again = new Settler({
      store: files,
      hasher,
      clock,
      reporter: noopReporter,
      unsettled: later,
    });
    await again.noteLeft();
    // What was not stored by then comes again from the peer; here, without a note of its own.
    for (const [key, bytes] of filesOf([OTHER])) {
      if (!isOver && (await files.get(key)) === undefined) await files.put(key, bytes);
    }
    await again.settleNoted();
    const found = await contentsOf(files);
    if (callsLeft >= 2) assert.deepEqual(found, TRUTH, `killed after ${callsLeft} calls`);
    assert.deepEqual(await next.next().takeOver(), [], "what is settled stays noted");
    if (callsLeft === 11) assert.ok(isOver, "the story is longer than the test");
  }
});

const NOWHERE = { channel: "", hour: "" };

test("Settler forgets an hour on disk once it is settled and quiet", async () => {
  const clock = virtualClock();
  const [files, notes] = [memoryStore(), memoryUnsettled()];
  const unsettled = new Unsettled(notes, { clock, reporter: noopReporter });
  const settler = new Settler({ store: files, hasher, clock, reporter: noopReporter, unsettled });
  const stop = new AbortController();
  const running = settler.run(stop.signal);
  for (const [key, bytes] of filesOf([ONE])) {
    await unsettled.watch(files).put(key, bytes);
    settler.onFileStored(key);
  }
  await clock.advance(30_000);
  assert.equal((await notes.next().takeOver()).length, 1, "more is likely to come");
  await clock.advance(700_000);
  assert.deepEqual(await notes.next().takeOver(), []);
  stop.abort();
  await clock.run(running);
});

test("Settler looks through all noted hours now and then, not for each file that falls due", async () => {
  class CountedUnsettled extends Unsettled {
    sweeps = 0;
    override sweep(...args: Parameters<Unsettled["sweep"]>): Promise<void> {
      this.sweeps++;
      return super.sweep(...args);
    }
  }
  const clock = virtualClock();
  const [files, notes] = [memoryStore(), memoryUnsettled()];
  const unsettled = new CountedUnsettled(notes, { clock, reporter: noopReporter });
  const settler = new Settler({ store: files, hasher, clock, reporter: noopReporter, unsettled });
  const stop = new AbortController();
  const running = settler.run(stop.signal);
  const watched = unsettled.watch(files);
  const [[key, bytes]] = [...filesOf([ONE])] as [[ArchiveKey, Uint8Array]];
  for (let i = 0; i < 300; i++) {
    const ofChannel = key.replace(/^[^/]+/, `channel${i}`) as ArchiveKey;
    await watched.put(ofChannel, bytes);
    settler.onFileStored(ofChannel);
    await clock.advance(1_000);
  }
  await clock.advance(60_000);
  assert.equal(settler.pending, 0);
  assert.ok(settler.totals.minutes >= 300, `${settler.totals.minutes} minutes`);
  assert.ok(unsettled.sweeps <= 360 / 60 + 1, `${unsettled.sweeps} sweeps`);
  await clock.advance(700_000);
  assert.deepEqual(await notes.next().takeOver(), []);
  stop.abort();
  await clock.run(running);
});

test("checkFolders names minutes that have more than one batch, which a run of before left", async () => {
  const files = memoryStore();
  const lone: SmallSighting = { ...ONE, content: 2, startS: 70 };
  for (const sighting of [ONE, OTHER, lone]) {
    for (const [key, bytes] of filesOf([sighting])) await files.put(key, bytes);
  }
  const crowded: ArchiveKey[] = [];
  const own = {
    store: files,
    hasher,
    reporter: noopReporter,
    superseded: new SupersededFiles(memoryNotes(), noopReporter),
    damage: new DamagedFiles(),
    onCrowded: (key: ArchiveKey) => void crowded.push(key),
  };
  for await (const _ of checkFolders(own));
  assert.equal(crowded.length, 1);
  assert.ok(filesOf([ONE]).has(crowded[0]!) || filesOf([OTHER]).has(crowded[0]!));
});
