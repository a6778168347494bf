import assert from "node:assert/strict";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { verifyArchive } from "../../../src/engine/verify/verify_archive.ts";
import { intBelow, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import {
  contentsOf,
  filesOf,
  filesOfSet,
  hasher,
  randomSightings,
  settleAll,
  type SmallSighting,
  text,
  textsOf,
  truthOf,
} from "../../simulation/settle/settle_world.ts";
import type { Child } from "../child_process.ts";
import { startSettler } from "./settle_child.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const KILLS = Number(process.env["SETTLE_KILLS"] ?? 6);

test(`two settlers of one folder, ${KILLS} times killed, lose nothing and end with one result`, async () => {
  const { path, close } = tempFolder();
  const seed = process.env["SETTLE_SEED"] ?? "two settlers";
  const random = seededRandom(seed);
  const store = fileSystemStore(path);
  const all: SmallSighting[] = [];
  const start = (i: number) => startSettler(path, i); // One of them has a thread that plans.
  const children: Child[] = [start(0), start(1)];
  try {
    for (const child of children) await child.nextLine();
    for (let kill = 0; kill < KILLS; kill++) {
      // What one node after another brings, while both are at work.
      for (let node = 0; node < 4; node++) {
        const heard = randomSightings(random, 3 + intBelow(random, 10));
        const again = all.filter(() => random.next() < 0.1);
        for (const [key, bytes] of filesOf([...heard, ...again])) await store.put(key, bytes);
        all.push(...heard);
        await new Promise((resolve) => setTimeout(resolve, random.next() * 40));
      }
      const i = pick(random, [0, 1]);
      await children[i]!.kill();
      assert.ok((await known(path)).includes(truthOf(all)), `lost: SETTLE_SEED=${seed}`);
      children[i] = start(i);
      await children[i]!.nextLine();
    }
  } finally {
    for (const child of children) await child.kill();
  }
  assert.ok((await known(path)).includes(truthOf(all)), `lost: SETTLE_SEED=${seed}`);
  await settleAll(store);
  assert.deepEqual(
    await contentsOf(store),
    textsOf(filesOfSet(truthOf(all))),
    `SETTLE_SEED=${seed}`,
  );
  close();
});

/** What the folder knows while others are at work in it: its names twice the same, its files all there. */
async function known(path: string): Promise<SightingSet> {
  const store = fileSystemStore(path);
  let before = "";
  for (let tries = 0; tries < 1_000; tries++) {
    const keys: ArchiveKey[] = [];
    for await (const key of store.list("")) keys.push(key);
    const isStill = keys.join() === before;
    before = keys.join();
    if (!isStill) continue;
    const files = await Promise.all(keys.map((key) => store.get(key)));
    if (files.includes(undefined)) continue;
    const set = new SightingSet();
    for (const bytes of files) set.add(bytes!);
    return set;
  }
  throw new Error("Cannot read the folder: it changes all the time");
}

test("settleArchive leaves folders, links and lookalikes where they are, and verify names them", async () => {
  const { path, close } = tempFolder();
  const words = [0, 1].map((content): SmallSighting => ({
    content,
    isExact: true,
    receiver: 0,
    receivedS: content,
    startS: content,
    lengthS: 0,
  }));
  const store = fileSystemStore(path);
  for (const each of words) {
    for (const [key, bytes] of filesOf([each])) await store.put(key, bytes);
  }
  const [key, bytes] = [...filesOf([{ ...words[0]!, startS: 9 }])][0]!;
  const [other] = filesOf([{ ...words[0]!, startS: 8 }]).keys();
  const folder = join(path, dirname(key));
  mkdirSync(join(path, key));
  writeFileSync(join(path, key, "inside"), "x");
  writeFileSync(join(path, "outside"), bytes);
  symlinkSync(join(path, "outside"), join(path, other!));
  const lookalikes = [
    "57:00-short.json",
    `57:01-${key.slice(-48)}`,
    `${key.slice(-54)}.bak`,
    "notes",
  ];
  for (const name of lookalikes) writeFileSync(join(folder, name), bytes);

  const told: unknown[] = [];
  await settleAll(store, {
    report: (_, __, fields) => void told.push(fields?.["key"]),
    count() {},
  });
  assert.deepEqual(told.sort(), [key, other!].sort());
  for (const [merged, content] of textsOf(filesOf(words))) {
    assert.equal(text((await store.get(merged))!), content);
  }
  assert.equal(readFileSync(join(path, key, "inside"), "utf8"), "x");
  assert.equal(readlinkSync(join(path, other!)), join(path, "outside"));
  assert.equal(statSync(join(path, "outside")).size, bytes.length);
  for (const name of lookalikes) {
    assert.equal(readFileSync(join(folder, name)).length, bytes.length);
  }
  assert.equal(readdirSync(folder).length, 1 + 2 + lookalikes.length);

  const found: string[] = [];
  for await (const { kind, path } of verifyArchive({ store, hasher })) {
    found.push(`${kind} ${path}`);
  }
  const hour = dirname(key);
  const strays = ["outside", ...lookalikes.map((name) => `${hour}/${name}`)];
  const expected = [
    ...strays.map((path) => `stray ${path}`),
    ...[key, other!].map((path) => `unreadable ${path}`),
  ];
  assert.deepEqual(found.sort(), expected.sort());
  close();
});
