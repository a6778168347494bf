import assert from "node:assert/strict";
import {
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { memoryIndex } from "../../../src/adapters/memory/memory_index.ts";
import { loadSqlite } from "../../../src/adapters/sqlite/load_sqlite.ts";
import { indexFolder, sqliteIndex } from "../../../src/adapters/sqlite/sqlite_index.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { HOUR_US } from "../../../src/core/time.ts";
import type { ChatIndex } from "../../../src/ports/index/chat_index.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { compareIndexes, randomFacts, STAMP, T } from "./random_index.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const skip = loadSqlite() === undefined && "this runtime has no node:sqlite";
test(
  "sqliteIndex answers as memoryIndex does, whatever is put, forgotten and asked",
  { skip },
  async () => {
    for (const seed of ["1", "2", "3"]) {
      const random = seededRandom(seed);
      const folder = tempFolder();
      const [index, oracle] = [sqliteIndex(folder.path)!, memoryIndex()];
      await compareIndexes(index, oracle, random);
      await index.close();
      folder.close();
    }
  },
);

async function filled(path: string, hours = 300): Promise<ChatIndex> {
  const index = sqliteIndex(path)!;
  const random = seededRandom("filled");
  const all = Array.from({ length: hours }, (_, at) => {
    const hourUs = T + at * HOUR_US;
    return { hourUs, stamp: STAMP, facts: randomFacts(random, hourUs) };
  });
  await index.putHours("forsen", all);
  return index;
}

/** Asks until the index says that it is damaged, or is empty. */
async function isNoticed(index: ChatIndex): Promise<boolean> {
  for (
    const ask of [
      () => index.hours("forsen"),
      () =>
        index.find("forsen", { person: { ids: ["1", "2", "30"], logins: ["ada", "bob", "eve"] } }),
      () => index.find("forsen", { words: ["hello"] }),
      () => index.people({ ids: ["1"] }),
    ]
  ) {
    try {
      await ask();
    } catch (error) {
      assert.ok(error instanceof ChatloomError && error.code === "STORE_IO", `${error}`);
      return true;
    }
  }
  return (await index.hours("forsen")).length === 0;
}

const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  "overwritten with text": (path) => writeFileSync(path, "no database ".repeat(9_999)),
  "overwritten with zeros": (path) => writeFileSync(path, new Uint8Array(statSync(path).size)),
  "cut in half": (path) => truncateSync(path, statSync(path).size / 2),
  "torn in all pages but the first": (path) => {
    const file = openSync(path, "r+");
    for (let at = 4_096; at < statSync(path).size; at += 4_096) {
      writeSync(file, new Uint8Array(2_048).fill(0xa5), 0, 2_048, at);
    }
  },
  "of another form": (path) => {
    const database = new (loadSqlite()!.DatabaseSync)(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
  },
  "without a table": (path) => {
    const database = new (loadSqlite()!.DatabaseSync)(path);
    database.exec("DROP TABLE minutes");
    database.close();
  },
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(
    `an index that is ${name} is noticed once, and is then empty and whole`,
    { skip },
    async () => {
      const folder = tempFolder();
      const before = await filled(folder.path);
      await before.purge();
      await before.close();
      damage(join(indexFolder(folder.path), "chat.sqlite"));
      const index = sqliteIndex(folder.path)!;
      assert.ok(await isNoticed(index), "the damage was not noticed");
      assert.deepEqual(await index.hours("forsen"), []);
      const again = await filled(folder.path, 3);
      assert.equal((await index.hours("forsen")).length, 3);
      assert.deepEqual(readdirSync(join(folder.path, ".chatloom")), ["index"]);
      await index.close();
      await again.close();
      folder.close();
    },
  );
}

test(
  "an index that is deleted while it is open begins anew, for all who have it open",
  { skip },
  async () => {
    const folder = tempFolder();
    const [one, other] = [await filled(folder.path, 5), sqliteIndex(folder.path)!];
    const before = await other.revision();
    assert.equal((await other.hours("forsen")).length, 5);
    rmSync(indexFolder(folder.path), { recursive: true });
    assert.deepEqual(await one.hours("forsen"), []);
    const facts = randomFacts(seededRandom("x"), T);
    await other.putHours("forsen", [{ hourUs: T, stamp: STAMP, facts }]);
    assert.equal((await one.hours("forsen")).length, 1);
    assert.notEqual((await one.revision()).split(" ")[0], before.split(" ")[0]);
    await one.close();
    await other.close();
    folder.close();
  },
);

test("a purge leaves no byte of a name, and no word is ever written", { skip }, async () => {
  const folder = tempFolder();
  const index = await filled(folder.path, 3);
  const facts = {
    ...randomFacts(seededRandom("x"), T),
    people: [{
      id: "id-of-mallory",
      login: "mallory",
      minutes: [{ minuteUs: T, roles: ["spoke"] as const, messages: 1 }],
    }],
    words: [{ minuteUs: T, words: ["secretword"] }],
  };
  await index.putHours("forsen", [{ hourUs: T, stamp: STAMP, facts }]);
  const bytes = () =>
    readdirSync(indexFolder(folder.path))
      .map((name) => readFileSync(join(indexFolder(folder.path), name), "latin1")).join();
  assert.match(bytes(), /mallory/);
  await index.forgetHours("forsen", { fromUs: T, untilUs: T + HOUR_US });
  assert.equal(await index.purge(), true);
  assert.doesNotMatch(bytes(), /mallory|secretword|zxcvbnm/);
  await index.close();
  folder.close();
});

test("a put that is aborted midway leaves the index as it was", { skip }, async () => {
  const folder = tempFolder();
  const index = await filled(folder.path, 2);
  const random = seededRandom("abort");
  const controller = new AbortController();
  const hours = Array.from({ length: 3_000 }, (_, at) => {
    const hourUs = T + at * HOUR_US;
    return { hourUs, stamp: { ...STAMP, files: "new" }, facts: randomFacts(random, hourUs) };
  });
  const putting = index.putHours("forsen", hours, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 5);
  await assert.rejects(putting, /enough/);
  const left = await index.hours("forsen");
  assert.deepEqual(left.map(({ stamp }) => stamp.files), ["f", "f"]);
  await index.close();
  folder.close();
});

test("an index where no folder can be made says so, and reading goes on", { skip }, async () => {
  const folder = tempFolder();
  writeFileSync(join(folder.path, ".chatloom"), "a file");
  const index = sqliteIndex(folder.path)!;
  await assert.rejects(index.hours("forsen"), (error) => error instanceof ChatloomError);
  await index.close();
  assert.ok(!existsSync(indexFolder(folder.path)));
  folder.close();
});

test(
  "sqliteIndex takes a crowd that joins without ids as fast as one with ids",
  { skip },
  async () => {
    const people = 5_000;
    const facts = (hasIds: boolean, round: number) => ({
      counts: new Map([["JOIN", people]]),
      rooms: [],
      words: [],
      people: Array.from({ length: people }, (_, i) => ({
        id: hasIds ? `${round * people + i + 1}` : "",
        login: `user_${round * people + i}`,
        minutes: [{ minuteUs: T, roles: ["named" as const], messages: 0 }],
      })),
    });
    const took = { ids: Infinity, none: Infinity };
    const folders = { ids: tempFolder(), none: tempFolder() };
    const indexes = { ids: sqliteIndex(folders.ids.path)!, none: sqliteIndex(folders.none.path)! };
    // The fastest of some rounds, the first of which finds the index empty: other programs slow single ones.
    for (const round of [0, 1, 2, 3, 4]) {
      for (const kind of ["ids", "none"] as const) {
        const startMs = performance.now();
        const hour = {
          hourUs: T + round * HOUR_US,
          stamp: STAMP,
          facts: facts(kind === "ids", round),
        };
        await indexes[kind].putHours("forsen", [hour]);
        if (round > 0) took[kind] = Math.min(took[kind], performance.now() - startMs);
      }
    }
    for (const index of Object.values(indexes)) await index.close();
    for (const folder of Object.values(folders)) folder.close();
    assert.ok(took.none < 3 * took.ids, `${took.none} ms against ${took.ids} ms`);
  },
);
