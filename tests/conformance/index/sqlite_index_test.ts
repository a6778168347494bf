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
import type { HourFacts, PersonRole } from "../../../src/core/index/hour_facts.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { HOUR_US, MINUTE_US } from "../../../src/core/time.ts";
import type { ChatIndex, IndexQuery } from "../../../src/ports/index/chat_index.ts";
import {
  intBelow,
  pick,
  type SeededRandom,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const skip = loadSqlite() === undefined && "this runtime has no node:sqlite";
const T = 1_785_585_600_000_000;
const STAMP = { files: "f", orders: "", folders: "" };
const WORDS = ["hello", "kappa", "lul", "straße", "日", "zxcvbnm"];

function randomFacts(random: SeededRandom, hourUs: number): HourFacts {
  const minuteUs = () => hourUs + intBelow(random, 60) * MINUTE_US;
  const roles: readonly PersonRole[][] = [["spoke"], ["dealtWith"], ["named"], ["spoke", "named"]];
  const people = new Map<string, HourFacts["people"][number]>();
  for (let i = 0; i < 6; i++) {
    const [id, login] = [
      pick(random, ["1", "2", "30", "x-1", ""]),
      pick(random, ["ada", "bob", "eve", ""]),
    ];
    if (id === "" && login === "") continue;
    const starts = [...new Set([minuteUs(), minuteUs(), minuteUs()])].sort((a, b) => a - b);
    people.set(`${id} ${login}`, {
      id,
      login,
      minutes: starts.map((us) => {
        const each = pick(random, roles);
        return {
          minuteUs: us,
          roles: each,
          messages: each.includes("spoke") ? 1 + intBelow(random, 400) : 0,
        };
      }),
    });
  }
  const minutes = [...new Set([minuteUs(), minuteUs(), minuteUs()])].sort((a, b) => a - b);
  const words = minutes.map((us) => ({
    minuteUs: us,
    words: [...new Set([pick(random, WORDS), pick(random, WORDS)])],
  }));
  const rooms = random.next() < 0.8
    ? [{ roomId: pick(random, ["22", "23"]), firstUs: hourUs + 5, lastUs: hourUs + 7 }]
    : [];
  return {
    counts: new Map([["PRIVMSG", 1 + intBelow(random, 9)]]),
    rooms,
    people: [...people.values()],
    words,
  };
}

async function askAll(index: ChatIndex, random: SeededRandom): Promise<unknown[]> {
  const answers: unknown[] = [await index.channels(), await index.rooms()];
  for (const channel of ["forsen", "nymn"]) {
    answers.push(
      (await index.hours(channel)).map((hour) => ({ ...hour, counts: [...hour.counts] })),
    );
    for (let i = 0; i < 6; i++) {
      const fromUs = T + intBelow(random, 4_000) * HOUR_US;
      const query: IndexQuery = {
        ...(random.next() < 0.5
          ? { fromUs, untilUs: fromUs + intBelow(random, 2_000) * HOUR_US }
          : {}),
        ...(random.next() < 0.6
          ? {
            person: {
              ids: [pick(random, ["1", "30", "x-1"])],
              logins: [pick(random, ["ada", "eve"])],
            },
          }
          : {}),
        ...(random.next() < 0.3 ? { roles: ["spoke" as const] } : {}),
        ...(random.next() < 0.5 ? { words: [pick(random, WORDS)] } : {}),
      };
      answers.push(query, await index.find(channel, query));
    }
  }
  answers.push(await index.people({ ids: ["1", "x-1"], logins: ["bob"] }));
  return answers;
}

test(
  "sqliteIndex answers as memoryIndex does, whatever is put, forgotten and asked",
  { skip },
  async () => {
    for (const seed of ["1", "2", "3"]) {
      const random = seededRandom(seed);
      const folder = tempFolder();
      const [index, oracle] = [sqliteIndex(folder.path)!, memoryIndex()];
      for (let round = 0; round < 25; round++) {
        const channel = pick(random, ["forsen", "nymn"]);
        // Few hours, some of them at the edges of what one row holds.
        const some = [
          ...new Set([0, 0, 0].map(() => pick(random, [0, 1, 2, 1_091, 1_092, 1_093, 3_000]))),
        ].sort((a, b) => a - b);
        const hours = some.map((at) => T + at * HOUR_US);
        if (random.next() < 0.75) {
          const puts = hours.map((hourUs) => ({
            hourUs,
            stamp: STAMP,
            facts: randomFacts(random, hourUs),
          }));
          for (const each of [index, oracle]) await each.putHours(channel, puts);
        } else {
          const span = { fromUs: hours[0]!, untilUs: hours.at(-1)! + HOUR_US };
          for (const each of [index, oracle]) await each.forgetHours(channel, span);
        }
        if (random.next() < 0.1) await index.purge();
        const label = `round ${round} of seed ${seed}`;
        const [left, right] = [random.fork(round), random.fork(round)];
        assert.deepEqual(await askAll(index, left), await askAll(oracle, right), label);
      }
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
