import assert from "node:assert/strict";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { openPostgresArchive } from "../../../src/adapters/postgres/postgres_archive.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import { keyAt } from "./keys.ts";
import { type PostgresWorld, testerWithArchives } from "./postgres_world.ts";

const hasCode = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof ChatloomError && error.code === code && text.test(error.message);

/** Opening, and what goes wrong with a server. */
export function archiveCases(world: PostgresWorld): void {
  const check = testerWithArchives(world);

  check(
    "openPostgresArchive makes one archive where many begin it at once",
    async ({ open, sql }) => {
      const opened = await Promise.all(Array.from({ length: 8 }, () => open()));
      await Promise.all(opened.map(({ store }, n) => store.put(keyAt(n), Uint8Array.of(n))));
      assert.equal((await collect(opened[0]!.store.list(""))).length, opened.length);
      const versions = await sql("select version from $S.schema_version order by version");
      assert.deepEqual(versions, versions.map((_, i) => ({ version: i + 1 })));
    },
  );

  check(
    "openPostgresArchive takes a misspelt address for no empty archive",
    async ({ address, sql }) => {
      await assert.rejects(
        openPostgresArchive(address),
        hasCode("INPUT_UNREADABLE", /there is none/),
      );
      assert.deepEqual(
        await sql("select 1 from pg_namespace where nspname = $1", [
          new URL(address).searchParams.get("schema"),
        ]),
        [],
      );
      const other = address.replace("/postgres?", "/missing?");
      await assert.rejects(
        openPostgresArchive(other),
        hasCode("INPUT_UNREADABLE", /no such database/),
      );
    },
  );

  check("openPostgresArchive leaves the tables of a newer chatloom alone", async (archives) => {
    const { store } = await archives.open();
    await store.put(keyAt(1), Uint8Array.of(1));
    await archives.sql("insert into $S.schema_version (version) values (99)");
    await assert.rejects(archives.open(), hasCode("INPUT_UNREADABLE", /newer chatloom/));
  });

  check("errors of an address repeat no password", async () => {
    for (
      const address of [
        "postgres://ada:s3cret@127.0.0.1:1/db",
        "postgres://ada:s3cret@[::zz]/db",
        "postgres://ada:s3cret@127.0.0.1/db?schema=NO",
        "postgres://ada:s3cret@127.0.0.1:99999/db",
      ]
    ) {
      await assert.rejects(openPostgresArchive(address), (error) => {
        assert.ok(error instanceof ChatloomError, String(error));
        assert.doesNotMatch(error.message, /s3cret|ada/);
        return true;
      });
    }
  });

  check(
    "a role without rights is denied, and may read where it has the right",
    async (archives) => {
      const { store } = await archives.open();
      await store.put(keyAt(1), Uint8Array.of(1));
      const role = `reader_${Date.now()}`;
      await archives.sql(`create role ${role} login`);
      const address = archives.address.replace("postgres@", `${role}@`);
      await assert.rejects(openPostgresArchive(address), hasCode("STORE_DENIED", /42501/));
      await archives.sql(`grant usage on schema $S to ${role}`);
      await archives.sql(`grant select on all tables in schema $S to ${role}`);
      const archive = await openPostgresArchive(address);
      try {
        assert.deepEqual(await collect(archive.store.list("")), [keyAt(1)]);
        await assert.rejects(archive.store.checkWritable(), hasCode("STORE_DENIED", /42501/));
        await assert.rejects(
          archive.store.put(keyAt(2), Uint8Array.of(1)),
          hasCode("STORE_DENIED", /42501/),
        );
      } finally {
        await archive.close();
      }
    },
  );

  check("PostgresStore names rows with other keys as strays, and lists none", async (archives) => {
    const { store } = await archives.open();
    await store.put(keyAt(1), Uint8Array.of(1));
    const strays = ["README", "forsen/chat/x.json", "forsen/chat/2026-08-01T25/00.json"];
    for (const key of strays) await archives.sql("insert into $S.file values ($1, '')", [key]);
    assert.deepEqual(await collect(store.list("")), [keyAt(1)]);
    assert.deepEqual(await collect(store.folders("forsen/chat")), ["2026-08-01T12"]);
    assert.deepEqual((await collect(store.strays(""))).map(({ path }) => path), strays.toSorted());
  });

  check("PostgresStore lists and stores more than a page and a group", async ({ open }) => {
    const { store } = await open();
    const keys = Array.from({ length: 2_500 }, (_, n) => keyAt(n)).toSorted();
    await Promise.all(keys.map((key) => store.put(key, new Uint8Array(3))));
    assert.deepEqual(await collect(store.list("")), keys);
  });
}
