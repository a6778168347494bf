import { test } from "node:test";
import { memoryBroker } from "../../../src/adapters/memory/memory_broker.ts";
import { archiveLockSuite } from "../../../src/testing/suites/archive_lock_suite.ts";
import { batchStoreSuite } from "../../../src/testing/suites/batch_store_suite.ts";
import { chatIndexSuite } from "../../../src/testing/suites/chat_index_suite.ts";
import { remoteSuite } from "../../engine/remote/remote_suite.ts";
import { openArchives, type PostgresWorld } from "./postgres_world.ts";

// Small, so that an entry can be too large without much work; the suite stores several megabytes.
const FILE_MAX_BYTES = 4 * 1024 * 1024;

/** The published suites over PostgreSQL. */
export function suiteCases(world: PostgresWorld): void {
  batchStoreSuite({
    test: (name, body) => test(`PostgresStore: ${name}`, body),
    async open() {
      const archives = openArchives(world, { fileMaxBytes: FILE_MAX_BYTES });
      return {
        store: (await archives.open()).store,
        again: async () => (await archives.open()).store,
        async spoil(key) {
          const text =
            `insert into $S.file (key, bytes) values ($1, convert_to(repeat('x', $2), 'UTF8'))
            on conflict (key) do update set bytes = excluded.bytes`;
          await archives.sql(text, [key, FILE_MAX_BYTES + 1]);
        },
        close: archives.close,
      };
    },
  });

  remoteSuite({
    title: "a broker in memory and PostgreSQL",
    openBroker: () => ({ broker: memoryBroker(), archive: "main" }),
    async openArchive() {
      const { open, close } = openArchives(world);
      const { store, lock } = await open();
      return { store, lock, close };
    },
  });

  chatIndexSuite({
    test: (name, body) => test(`PostgresIndex: ${name}`, body),
    async open() {
      const { open, close } = openArchives(world);
      return { index: (await open()).index(), other: (await open()).index(), close };
    },
  });

  archiveLockSuite({
    test: (name, body) => test(`PostgresLock: ${name}`, body),
    async open() {
      const { open, close } = openArchives(world);
      return { locks: [(await open()).lock, (await open()).lock], close };
    },
  });
}
