import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { ChatloomError, UnreadableEntryError } from "../../../src/core/errors/errors.ts";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import { until } from "../../waiting/until.ts";
import { keyAt } from "./keys.ts";
import { startLockHolder } from "./lock_holder_child.ts";
import { openArchives, type PostgresWorld, testerWithArchives } from "./postgres_world.ts";

const NOON = { channel: "c", hour: "2026-08-01T12" };

/** How often the server is killed; more with this variable. */
const KILLS = Number(process.env["CHATLOOM_TEST_KILLS"] ?? 3);

/** A server that dies, connections that break, and processes that end. */
export function faultCases(world: PostgresWorld): void {
  const check = testerWithArchives(world);

  check(
    "a put that has resolved is there after the server was killed, and the others go on",
    async (archives) => {
      const { store } = await archives.open();
      const resolved = new Set<ArchiveKey>();
      let n = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const aims = resolved.size + 100 + kill * 37;
        const putting = new Set<Promise<void>>();
        let onEnough = () => {};
        const enough = new Promise<void>((resolve) => onEnough = resolve);
        let isOver = false;
        const put = async () => {
          while (!isOver) {
            const key = keyAt(n++);
            await store.put(key, new Uint8Array(2_000).fill(n));
            resolved.add(key);
            if (resolved.size >= aims) onEnough();
          }
        };
        for (let writer = 0; writer < 16; writer++) putting.add(put());
        try {
          await enough;
          await world.server.kill();
          const safe = [...resolved];
          await world.server.start();
          const listed = new Set(await collect(store.list("")));
          const lost = safe.filter((key) => !listed.has(key));
          assert.deepEqual(lost, [], `lost at kill ${kill}`);
        } finally {
          isOver = true;
          await Promise.allSettled(putting);
        }
        await Promise.all(putting); // Those that the kill interrupted were tried again.
      }
      const listed = new Set(await collect(store.list("")));
      for (const key of resolved) assert.ok(listed.has(key), key);
    },
  );

  check("a read that is aborted while the database is away ends at once", async ({ open }) => {
    const { store } = await open();
    await store.put(keyAt(1), Uint8Array.of(1));
    await world.server.kill();
    try {
      const aborter = new AbortController();
      const reason = new Error("enough");
      const reading = store.get(keyAt(1), { signal: aborter.signal });
      aborter.abort(reason);
      await assert.rejects(reading, reason);
    } finally {
      await world.server.start();
    }
    assert.deepEqual(await store.get(keyAt(1)), Uint8Array.of(1));
  });

  test("puts that find no database reject together in bounded time, and a later one succeeds", async () => {
    const { open, close } = openArchives(world, { patienceMs: 200 });
    try {
      const { store } = await open();
      await world.server.kill();
      const startMs = performance.now();
      try {
        const puts = Array.from({ length: 300 }, (_, n) => store.put(keyAt(n), Uint8Array.of(n)));
        for (const { status } of await Promise.allSettled(puts)) assert.equal(status, "rejected");
        // One after the other they would wait for at least a minute.
        assert.ok(performance.now() - startMs < 300 * 200);
      } finally {
        await world.server.start();
      }
      await store.put(keyAt(1), Uint8Array.of(1));
    } finally {
      await close();
    }
  });

  check("a file that the database refuses does not fail its neighbours", async ({ open, sql }) => {
    const { store } = await open();
    await sql("alter table $S.file add constraint odd check (octet_length(bytes) <> 3)");
    const puts = Array.from({ length: 8 }, (_, n) => store.put(keyAt(n), new Uint8Array(n)));
    const outcomes = (await Promise.allSettled(puts)).map(({ status }) => status);
    const wanted = outcomes.map((_, n) => n === 3 ? "rejected" : "fulfilled");
    assert.deepEqual(outcomes, wanted);
    assert.equal((await collect(store.list(""))).length, 7);
  });

  check(
    "files that are deleted together go in one transaction, and none stays for its neighbour",
    async (archives) => {
      const { open, sql } = archives;
      const { store, lock } = await open();
      const channels = ["ada", "bob"];
      const keys = channels.flatMap((channel) =>
        Array.from({ length: 6 }, (_, n) => keyAt(n, channel))
      );
      for (const key of keys) await store.put(key, Uint8Array.of(1));
      await sql("create table $S.gone (key text, transaction bigint)");
      await sql(`create function $S.note_gone() returns trigger language plpgsql as $$
      begin
        if old.key = '${keyAt(3, "bob")}' then raise exception 'kept'; end if;
        insert into $S.gone values (old.key, txid_current());
        return old;
      end $$`);
      await sql(
        "create trigger gone before delete on $S.file for each row execute function $S.note_gone()",
      );
      const under = (channel: string, numbers: readonly number[]) =>
        lock.hold(
          channel,
          () => Promise.allSettled(numbers.map((n) => store.delete(keyAt(n, channel)))),
        );
      const first = await under("ada", [0, 1, 2]);
      assert.deepEqual(
        first.map(({ status }) => status),
        Array(3).fill("fulfilled"),
      );
      const [row] = await sql("select count(distinct transaction) as count from $S.gone");
      assert.equal(Number(row!["count"]), 1);
      const [, some] = await Promise.all([
        under("ada", [3, 4, 5]),
        under("bob", [0, 1, 2, 3, 4, 5]),
      ]);
      assert.deepEqual(some.findIndex(({ status }) => status === "rejected"), 3);
      assert.deepEqual(await collect(store.list("")), [keyAt(3, "bob")]);
    },
  );

  check("files that are read together are each read as alone", async ({ open, sql }) => {
    const { store } = await open();
    const keys = Array.from({ length: 100 }, (_, n) => keyAt(n));
    // Some are as long as an answer of several may be, so that neighbours do not fit beside them.
    const bytesAt = (n: number) => new Uint8Array(n % 25 === 7 ? 3_000_000 : 100 + n).fill(n);
    for (const [n, key] of keys.entries()) if (n % 10 !== 3) await store.put(key, bytesAt(n));
    await sql(`create function $S.torn(key text, bytes bytea) returns bytea language plpgsql as $$
      begin
        if key = '${keyAt(42)}' then raise exception 'torn' using errcode = 'XX001'; end if;
        return bytes;
      end $$`);
    await sql("alter table $S.file rename to kept");
    await sql("create view $S.file as select key, $S.torn(key, bytes) as bytes, seq from $S.kept");
    const aborter = new AbortController();
    const left = assert.rejects(store.get(keyAt(99), { signal: aborter.signal }), /enough/);
    const gets = [...keys, keyAt(1)].map((key) => store.get(key));
    aborter.abort(new Error("enough"));
    const found = await Promise.allSettled(gets);
    await left;
    for (const n of keys.keys()) {
      const each = found[n]!;
      if (n === 42) {
        assert.ok(each.status === "rejected" && each.reason instanceof UnreadableEntryError);
        continue;
      }
      assert.equal(each.status, "fulfilled", `${n}`);
      const wanted = n % 10 === 3 ? undefined : bytesAt(n);
      assert.deepEqual((each as PromiseFulfilledResult<unknown>).value, wanted, `${n}`);
    }
    // Who gets bytes may change them, whoever else asked for the same.
    const [one, same] = [found[1]!, found[100]!] as PromiseFulfilledResult<Uint8Array>[];
    one!.value.fill(77);
    assert.deepEqual(same!.value, bytesAt(1));
  });

  check(
    "PostgresLock waits for another process, and takes over when that is killed",
    async (archives) => {
      const { lock } = await archives.open();
      const child = startLockHolder(archives.address);
      try {
        assert.equal(await child.nextLine(), "held");
        let isHeld = false;
        const held = lock.hold("forsen", () => Promise.resolve(void (isHeld = true)));
        await lock.hold("nymn", () => Promise.resolve());
        assert.equal(isHeld, false);
        await child.kill();
        await held;
      } finally {
        await child.kill();
      }
    },
  );

  check("a process that lost its lock deletes nothing any more", async ({ open, sql }) => {
    const [frozen, other] = [await open(), await open()];
    await frozen.store.put(keyAt(1), Uint8Array.of(1));
    await frozen.store.put(keyAt(1, "nymn"), Uint8Array.of(1));
    const work = frozen.lock.hold("forsen", async () => {
      // The server ends the connection that holds the lock, as for a machine that does not answer.
      await sql(`select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and pid <> pg_backend_pid()`);
      await other.lock.hold("forsen", () => Promise.resolve());
      await frozen.store.delete(keyAt(1, "nymn")); // Under no lock: it may.
      await frozen.store.delete(keyAt(1));
    });
    await assert.rejects(
      work,
      (error) =>
        error instanceof ChatloomError && error.code === "STORE_IO" &&
        /after the lock on "forsen" was lost/.test(error.message),
    );
    assert.deepEqual(await collect(other.store.list("")), [keyAt(1)]);
    // The next turn has a connection of its own.
    await frozen.lock.hold("forsen", () => frozen.store.delete(keyAt(1)));
    assert.deepEqual(await collect(other.store.list("")), []);
  });

  check(
    "PostgresUnsettled notes again what others may have taken over meanwhile",
    async ({ open, sql }) => {
      const [one, other] = [await open(), await open()];
      await one.unsettled.add(NOON);
      const before = await sql("select owner from $S.unsettled");
      await sql(`select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and pid <> pg_backend_pid()`);
      await other.unsettled.takeOver();
      const owners = async () =>
        (await sql("select owner from $S.unsettled where owner = $1", [before[0]!["owner"]]))
          .length;
      await until(async () => await owners() > 0, "the note to be there again");
      // It is seen to live again.
      assert.deepEqual(await (await open()).unsettled.takeOver(), []);
    },
  );
}
