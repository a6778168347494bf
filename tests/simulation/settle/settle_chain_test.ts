import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import {
  CHANNEL,
  contentsOf,
  filesOf,
  filesOfSet,
  hasher,
  listening,
  readAll,
  redactionFile,
  settleAll,
  type SmallSighting,
  storeWith,
  text,
  textsOf,
  truthOf,
  WORLD_US,
} from "./settle_world.ts";

// All orders take half a minute.
const EVERY = process.env["SETTLE_LONG"] === undefined ? 5 : 1;

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(i, 1))) yield [item, ...rest];
  }
}

// One JOIN after the other, each touching the next, over five minutes and the end of a day, heard
// by two receivers of which one is late.
const CHAIN: SmallSighting[] = Array.from({ length: 12 }, (_, i) => ({
  content: 0,
  receiver: i % 2,
  receivedS: i * 25 + 5,
  startS: i * 25 + (i % 3) * 4,
  lengthS: 40,
}));

test("Settler makes one result of a chain over five minutes, in whatever order its files come", async () => {
  const files = new Map<ArchiveKey, Uint8Array>();
  for (let from = 0; from < CHAIN.length; from += 3) {
    // Files that each know a piece, so that no order of minutes helps.
    for (const [key, bytes] of filesOf(CHAIN.slice(from, from + 3))) files.set(key, bytes);
  }
  const some = [...files].slice(0, 6);
  const known = truthOf([]);
  for (const [, bytes] of some) known.add(bytes);
  const expected = textsOf(filesOfSet(known));
  assert.ok(new Set(some.map(([key]) => key.slice(0, -48))).size >= 5, "five minutes");
  let orders = 0;
  for (const order of permutations(some)) {
    if (orders++ % EVERY !== 0) continue;
    const store = await storeWith([]);
    const settler = new Settler({ store, hasher, reporter: noopReporter, clock: virtualClock() });
    for (const [key, bytes] of order) {
      await store.put(key, bytes);
      settler.onFileStored(key);
      if (orders % 2 === 1) await settler.settleNoted();
    }
    await settler.settleNoted();
    assert.deepEqual(await contentsOf(store), expected, `order ${orders}`);
  }
  assert.equal(orders, 720);
});

const WORDS: SmallSighting[] = [0, 1, 2].map((content) => ({
  content,
  isExact: true,
  receiver: content,
  receivedS: content,
  startS: content,
  lengthS: 0,
}));

test("settleArchive leaves out what a tombstone hides, and never deletes it", async () => {
  const [hidden, ...others] = WORDS.map((each) => filesOf([each]));
  const store = await storeWith([hidden!, ...others].flatMap((files) => [...files]));
  const [hiddenKey] = hidden!.keys();
  const tombstone = hiddenKey!.replace(".json", ".tombstone");
  await store.put(tombstone, new Uint8Array());
  await settleAll(store);
  const merged = textsOf(filesOf(WORDS.slice(1)));
  const expected = new Map([...merged, ...textsOf(hidden!), [tombstone, ""] as const]);
  assert.deepEqual(
    await contentsOf(store),
    new Map([...expected].sort(([a], [b]) => a < b ? -1 : 1)),
  );
  assert.deepEqual([...(await readAll(store)).values()], [...merged.values()]);
});

test("settleArchive leaves a minute as it is whose files together are what a tombstone hides", async () => {
  const parts = WORDS.map((each) => filesOf([each]));
  const store = await storeWith(parts.flatMap((files) => [...files]));
  const [whole] = filesOf(WORDS).keys();
  await store.put(whole!.replace(".json", ".tombstone"), new Uint8Array());
  const before = await contentsOf(store);
  const reporter = listening();
  await settleAll(store, reporter);
  assert.deepEqual(await contentsOf(store), before);
  assert.equal(reporter.told.length, 1);
  assert.equal(reporter.told[0]![2]["why"], "hidden");
  assert.deepEqual([...(await readAll(store)).values()], [...textsOf(filesOf(WORDS)).values()]);
});

test("settleArchive forgets what a redaction names, and again when an old peer brings it back", async () => {
  const store = await storeWith(filesOf(WORDS));
  await store.put(...await redactionFile("1"));
  const rest = WORDS.filter(({ content }) => content !== 1);
  const expected = [...textsOf(filesOf(rest)).values()];
  assert.deepEqual([...(await readAll(store)).values()], expected, "readers, before");
  await settleAll(store);
  const files = textsOf(new Map([...filesOf(rest), await redactionFile("1")]));
  assert.deepEqual(await contentsOf(store), files);
  const settler = new Settler({ store, hasher, reporter: noopReporter, clock: virtualClock() });
  for (const [key, bytes] of filesOf(WORDS.slice(1))) {
    await store.put(key, bytes);
    settler.onFileStored(key);
  }
  assert.deepEqual([...(await readAll(store)).values()], expected, "readers, after it came back");
  await settler.settleNoted();
  assert.deepEqual(await contentsOf(store), files);
});

test("Settler rewrites a channel when a redaction comes", async () => {
  const store = await storeWith(filesOf(WORDS));
  const [key, bytes] = await redactionFile("2");
  await store.put(key, bytes);
  const settler = new Settler({ store, hasher, reporter: noopReporter, clock: virtualClock() });
  settler.onFileStored(key);
  await settler.settleNoted();
  const files = new Map([...filesOf(WORDS.slice(0, 2)), [key, bytes] as const]);
  assert.deepEqual(await contentsOf(store), textsOf(files));
});

test("settleArchive names files that cannot be used once, leaves them alone and settles the rest", async () => {
  const store = await storeWith(WORDS.flatMap((each) => [...filesOf([each])]));
  const utf8 = new TextEncoder();
  const [good] = filesOf([{ ...WORDS[0]!, startS: 5 }]);
  const [far] = filesOf([{ ...WORDS[0]!, startS: 65 }]);
  const name = (bytes: Uint8Array) =>
    batchKey(CHANNEL, { timeUs: WORLD_US, digest: hasher.digest(bytes) });
  const bad: Record<string, readonly [ArchiveKey, Uint8Array]> = {
    damaged: [good![0], utf8.encode("x")],
    unreadable: [name(utf8.encode('{"version":2}\n')), utf8.encode('{"version":2}\n')],
    misplaced: [name(far![1]), far![1]],
  };
  for (const file of Object.values(bad)) await store.put(...file);
  const reporter = listening();
  await settleAll(store, reporter);
  await settleAll(store);
  assert.deepEqual(
    reporter.told.map(([severity, , { key, why }]) => [severity, why, key]).sort(),
    Object.entries(bad).map(([why, [key]]) => ["warning", why, key]).sort(),
  );
  const expected = new Map([...filesOf(WORDS), ...Object.values(bad)]);
  for (const [key, content] of textsOf(expected)) {
    assert.equal(text((await store.get(key))!), content, key);
  }
  let count = 0;
  for await (const _ of store.list("")) count++;
  assert.equal(count, expected.size);
});
