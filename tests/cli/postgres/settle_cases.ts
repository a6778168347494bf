import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import type { PostgresArchive } from "../../../src/adapters/postgres/postgres_archive.ts";
import { copyArchive } from "../../../src/engine/copy/copy_archive.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { runCli } from "../run_cli.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import {
  type PostgresWorld,
  testerWithArchives,
} from "../../conformance/postgres/postgres_world.ts";

const SYNTHETIC = new URL("../../golden/synthetic/", import.meta.url);

function synthetic(name: string): string {
  return fileURLToPath(new URL(name, SYNTHETIC));
}

async function contents(store: BatchStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const key of store.list("")) {
    found.set(key, Buffer.from((await store.get(key))!).toString("base64"));
  }
  return found;
}

async function fill({ store }: PostgresArchive): Promise<void> {
  for (const name of ["alpha", "beta"]) {
    const from = fileSystemStore(synthetic(name));
    const { faults } = await copyArchive({ from, to: store, hasher: nodeHasher() });
    assert.equal(faults, 0);
  }
}

function settle({ store, lock, settled: notes }: PostgresArchive) {
  return settleArchive({ store, lock, notes, hasher: nodeHasher(), reporter: noopReporter });
}

/** Settling over PostgreSQL, and the command line. */
export function settleCases(world: PostgresWorld): void {
  const check = testerWithArchives(world);

  check(
    "settling in PostgreSQL gives the bytes that settling in a folder gives",
    async ({ open }) => {
      const archive = await open();
      await fill(archive);
      await settle(archive);
      assert.deepEqual(
        await contents(archive.store),
        await contents(fileSystemStore(synthetic("settled"))),
      );
    },
  );

  check(
    "several that settle one archive in PostgreSQL at once give the same bytes",
    async ({ open }) => {
      const archives = [await open(), await open(), await open()];
      await fill(archives[0]!);
      await Promise.all(archives.map(settle));
      assert.deepEqual(
        await contents(archives[0]!.store),
        await contents(fileSystemStore(synthetic("settled"))),
      );
    },
  );

  check("commands take the address of a database for an archive", async ({ address }) => {
    const back = tempFolder();
    try {
      // All begin the archive at once.
      const copies = ["alpha", "beta"].map((name) => runCli(["copy", synthetic(name), address]));
      for (const copied of await Promise.all(copies)) {
        assert.equal(copied.exitCode, 0, copied.stderr);
        assert.match(copied.stdout, /^[1-9]\d* files copied, /);
      }
      const settled = await runCli(["settle", "--archive", address]);
      assert.equal(settled.exitCode, 0, settled.stderr);
      const verified = await runCli(["verify", "--archive", address, "--strict"]);
      assert.match(verified.stdout, /nothing wrong/);
      const copied = await runCli(["copy", address, back.path]);
      assert.equal(copied.exitCode, 0, copied.stderr);
      assert.deepEqual(
        await contents(fileSystemStore(back.path)),
        await contents(fileSystemStore(synthetic("settled"))),
      );
      const missing = await runCli(["cat", "--archive", `${address}x`, "forsen"]);
      assert.deepEqual([missing.exitCode, missing.stdout], [1, ""]);
      assert.match(missing.stderr, /Cannot read archive "postgres:.*": there is none/);
    } finally {
      back.close();
    }
  });
}
