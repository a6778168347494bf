import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIndex } from "../../../src/adapters/memory/memory_index.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { watchedStore } from "../../../src/engine/index/watched_store.ts";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { HOUR_US, hourOf } from "../../../src/core/time.ts";
import type { ChatIndex, HourToIndex } from "../../../src/ports/index/chat_index.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { compareIndexes, randomFacts, STAMP, T } from "../index/random_index.ts";
import { ask, askFacts, randomQuestion } from "../../simulation/index/index_questions.ts";
import { IndexWorld } from "../../simulation/index/index_world.ts";
import { openArchives, type PostgresWorld } from "./postgres_world.ts";

/** The index over PostgreSQL, beyond what every index promises. */
export function indexCases(world: PostgresWorld): void {
  test("PostgresIndex answers as memoryIndex does, whatever is put, forgotten and asked", async () => {
    const { open, close } = openArchives(world);
    try {
      await compareIndexes((await open()).index(), memoryIndex(), seededRandom("pg-1"));
    } finally {
      await close();
    }
  });

  test("PostgresIndex misses nothing that reading finds in an archive that changes", async () => {
    const random = seededRandom("pg-2");
    const { open, close } = openArchives(world);
    try {
      const { store: files, index, versions } = await open();
      // A node tells its finder what changes.
      const store = watchedStore(files, (key) => {
        const parts = parseArchiveKey(key);
        if (parts?.kind === "batch") changing.finder.changed(parts.channel, hourOf(parts.minuteUs));
      });
      const changing = new IndexWorld({ random, store, index: index(), versions });
      for (let round = 0; round < 8; round++) {
        for (let i = 0; i < 3; i++) await changing.addFile();
        if (round % 3 === 1) await changing.settle();
        if (round % 3 === 2) await changing.redact();
        if (round % 2 === 0) await changing.fill();
        for (let i = 0; i < 5; i++) await ask(changing, randomQuestion(random), "seed pg-2");
        await askFacts(changing, "seed pg-2");
      }
      await changing.fill();
      assert.equal(await askFacts(changing, "seed pg-2"), 0, "hours that look the same are gaps");
    } finally {
      await close();
    }
  });

  test("PostgresIndex keeps names that a column or a B-tree does not take", async () => {
    const { open, close } = openArchives(world);
    try {
      const index = (await open()).index();
      const names = ["\u0000", "\\", "\\0000", "\ud800", "\udc00x", "x".repeat(9_000), "😂"];
      const people = names.map((id) => ({
        id,
        login: id,
        minutes: [{ minuteUs: T, roles: ["spoke"] as const, messages: 1 }],
      }));
      const rooms = names.map((roomId) => ({ roomId, firstUs: T, lastUs: T })).sort((a, b) =>
        a.roomId < b.roomId ? -1 : 1
      );
      const facts = { counts: new Map([["\u0000", 1]]), rooms, people, words: [] };
      await index.putHours("forsen", [{ hourUs: T, stamp: STAMP, facts }]);
      for (const id of names) {
        const found = await index.people({ ids: [id] });
        assert.deepEqual(found.map(({ login }) => login), [id], JSON.stringify(id.slice(0, 9)));
      }
      assert.deepEqual(
        (await index.rooms()).map(({ roomId }) => roomId),
        rooms.map((r) => r.roomId),
      );
      assert.deepEqual([...(await index.hours("forsen"))[0]!.counts], [["\u0000", 1]]);
    } finally {
      await close();
    }
  });

  for (
    const [name, damage] of Object.entries({
      "without a table": "drop table $S.index_block",
      "without its state": "delete from $S.index_state",
      "with torn rows": `update $S.index_block set entries = substr(entries, 1, 3)`,
    })
  ) {
    test(`an index in PostgreSQL ${name} is noticed once, and is then empty and whole`, async () => {
      const { open, sql, close } = openArchives(world);
      try {
        const [index, other] = [(await open()).index(), (await open()).index()];
        const hours = randomHours("damage", 3);
        await index.putHours("forsen", hours);
        await sql(damage);
        const isBroken = (error: unknown) =>
          error instanceof ChatloomError && error.code === "STORE_IO";
        const all = { person: { ids: ["1", "2", "30", "x-1"], logins: ["ada", "bob", "eve"] } };
        await assert.rejects(index.find("forsen", { ...all, words: ["hello"] }), isBroken);
        assert.deepEqual(await other.hours("forsen"), []);
        await other.putHours("forsen", hours);
        assert.equal((await index.hours("forsen")).length, 3);
      } finally {
        await close();
      }
    });
  }

  test("a purge leaves no row of a name for a reader of the tables", async () => {
    const { open, sql, close } = openArchives(world);
    try {
      const index = (await open()).index();
      await index.putHours("forsen", randomHours("purge", 3));
      await index.forgetHours("forsen");
      assert.equal(await index.purge(), true);
      const dead = "select sum(pg_relation_size(c.oid))::int as bytes from pg_class c " +
        "join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = any($2)";
      const { schema } = (await open()).address;
      const [row] = await sql(dead, [schema, ["index_person", "index_block"]]);
      assert.equal(row!["bytes"], 0, "a vacuum cuts empty tables off");
    } finally {
      await close();
    }
  });

  test("a server that is killed amid index writes leaves whole hours, and the rest is put again", async () => {
    const { open, close } = openArchives(world, { patienceMs: 20_000 });
    try {
      const index = (await open()).index();
      const hours = randomHours("kill", 40);
      const puts = hours.map((hour) => index.putHours("forsen", [hour]));
      await puts[0];
      await world.server.kill();
      await world.server.start();
      await Promise.all(puts); // Each is tried again until it is in.
      const oracle = memoryIndex();
      await oracle.putHours("forsen", hours);
      await assertSame(index, oracle);
    } finally {
      await close();
    }
  });

  test("transactions that cannot be put in one order are tried again", async () => {
    const { open, sql, close } = openArchives(world);
    try {
      const { index } = await open();
      // The server refuses every second change as it does in a conflict.
      await sql("create sequence $S.attempts");
      await sql(`create function $S.refuse() returns trigger language plpgsql as $$ begin
        if nextval('$S.attempts') % 2 = 1 then
          raise exception 'provoked' using errcode = '40001';
        end if;
        return new; end $$`);
      await sql(`create trigger refuse before insert on $S.index_hour
        for each statement execute function $S.refuse()`);
      const hours = randomHours("conflict", 6);
      const writer = index();
      await Promise.all(hours.map((hour) => writer.putHours("forsen", [hour])));
      const [{ count } = { count: 0 }] = await sql(
        "select last_value::int as count from $S.attempts",
      );
      assert.ok(Number(count) > hours.length, "no change was refused");
      const oracle = memoryIndex();
      await oracle.putHours("forsen", hours);
      await assertSame(writer, oracle);
    } finally {
      await close();
    }
  });
}

function randomHours(seed: string, count: number): HourToIndex[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const hourUs = T + at * HOUR_US;
    return { hourUs, stamp: STAMP, facts: randomFacts(random, hourUs) };
  });
}

async function assertSame(index: ChatIndex, oracle: ChatIndex): Promise<void> {
  const person = { ids: ["1", "2", "30", "x-1"], logins: ["ada", "bob", "eve"] };
  for (const query of [{ person }, { words: ["hello"] }, { person, words: ["kappa"] }]) {
    assert.deepEqual(await index.find("forsen", query), await oracle.find("forsen", query));
  }
  assert.deepEqual(await index.people(person), await oracle.people(person));
  assert.deepEqual(await index.rooms(), await oracle.rooms());
}
