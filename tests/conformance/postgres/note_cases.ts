import assert from "node:assert/strict";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { type PostgresWorld, testerWithArchives } from "./postgres_world.ts";

const NOON = { channel: "c", hour: "2026-08-01T12" };
const ONE = { channel: "c", hour: "2026-08-01T13" };
const ALL = { channel: "d", hour: "" };

/** Notes of nodes, kept in PostgreSQL. */
export function noteCases(world: PostgresWorld): void {
  const check = testerWithArchives(world);

  check("postgresNotes appends and replaces by hour, for all processes", async ({ open }) => {
    const [one, other] = [(await open()).notes, (await open()).notes];
    assert.equal(await one.read("c", NOON.hour), "");
    await one.append("c", NOON.hour, "a\n");
    await other.append("c", NOON.hour, "b\n");
    await one.append("c", ONE.hour, "x\n");
    assert.equal(await other.read("c", NOON.hour), "a\nb\n");
    await other.replace("c", NOON.hour, "c\n");
    assert.equal(await one.read("c", NOON.hour), "c\n");
    await one.replace("c", NOON.hour, "");
    assert.equal(await other.read("c", NOON.hour), "");
    assert.equal(await other.read("c", ONE.hour), "x\n");
    await assert.rejects(one.read("../c", NOON.hour), RangeError);
    await assert.rejects(one.append("c", "noon", "a\n"), RangeError);
  });

  check("postgresMarks moves a mark, and refuses one that names no hour", async ({ open, sql }) => {
    const { marks } = await open();
    assert.equal(await marks.get("c"), "");
    for (const { hour } of [ONE, NOON]) {
      await marks.set("c", hour);
      assert.equal(await marks.get("c"), hour);
    }
    assert.equal(await marks.get("d"), "");
    await marks.set("c", "");
    assert.equal(await marks.get("c"), "");
    await sql("insert into $S.prune_mark values ('c', 'noon')");
    await assert.rejects(
      marks.get("c"),
      (error) => error instanceof ChatloomError && error.code === "STORE_IO",
    );
  });

  check("postgresOrders keeps what is appended, by channel", async ({ open }) => {
    const { orders } = await open();
    assert.deepEqual([await orders.channels(), await orders.sizeBytes()], [[], 0]);
    assert.equal(await orders.read("b"), "");
    await orders.append("b", "one\n");
    await orders.append("a", "two\n");
    await orders.append("b", "three\n");
    assert.equal(await orders.read("b"), "one\nthree\n");
    assert.deepEqual([await orders.channels(), await orders.sizeBytes()], [["a", "b"], 14]);
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    for (const call of [() => orders.read("b", { signal }), () => orders.channels({ signal })]) {
      await assert.rejects(call, reason);
    }
  });

  check("postgresSettled replaces the notes of a channel", async ({ open, sql }) => {
    const { settled } = await open();
    assert.deepEqual([...await settled.read("c")], []);
    await settled.write("c", new Map([[ONE.hour, "b-_"], [NOON.hour, "a"]]));
    await settled.write("c", new Map([[NOON.hour, "z"], [ONE.hour, "b-_"]]));
    assert.deepEqual([...await settled.read("c")], [[NOON.hour, "z"], [ONE.hour, "b-_"]]);
    assert.deepEqual([...await settled.read("d")], []);
    await sql("update $S.settled set notes = $1", [
      "noon a\n2026-08-01T12 a b\n2026-08-01T13 ok\n2026",
    ]);
    assert.deepEqual([...await settled.read("c")], [[ONE.hour, "ok"]]);
  });

  check(
    "PostgresUnsettled hands notes to the next process, and not while theirs lives",
    async ({ open }) => {
      const [one, other] = [await open(), await open()];
      for (const place of [NOON, ONE, ALL, NOON]) await one.unsettled.add(place);
      await one.unsettled.remove(ONE);
      assert.deepEqual(await other.unsettled.takeOver(), []);
      await one.close();
      const taken = [...await other.unsettled.takeOver()];
      assert.deepEqual(taken.sort((a, b) => a.channel < b.channel ? -1 : 1), [NOON, ALL]);
      assert.deepEqual(await other.unsettled.takeOver(), []);
      // They are notes of the process that took them over now.
      const third = await open();
      assert.deepEqual(await third.unsettled.takeOver(), []);
      await other.unsettled.remove(ALL);
      await other.close();
      assert.deepEqual(await third.unsettled.takeOver(), [NOON]);
    },
  );

  check(
    "PostgresUnsettled gives the notes of an ended process to one of two that ask",
    async ({ open }) => {
      const ended = await open();
      await ended.unsettled.add(NOON);
      await ended.close();
      const archives = [await open(), await open(), await open()];
      const taken = await Promise.all(archives.map(({ unsettled }) => unsettled.takeOver()));
      assert.deepEqual(taken.flat(), [NOON]);
    },
  );
}
