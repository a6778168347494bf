// What an archive in PostgreSQL costs against one in a folder, on the same disk, in the same run.
//
// The sketch: a batch of 20 kB is a row of three pages after compression, and its share of the log; a server
// that flushes once for a group of puts pays the disk less often than a folder, which flushes each file and its
// folder. Reading is a round trip (0.1 ms on loopback) and 40 kB of hexadecimal, against opening a file.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { openPostgresArchive } from "../../src/adapters/postgres/postgres_archive.ts";
import { hourPrefix } from "../../src/core/archive/archive_key.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import { startPostgres } from "../conformance/postgres/postgres_server.ts";
import { tellRow } from "./bench_row.ts";
import { tellStatementCosts } from "./postgres/statement_costs.ts";
import {
  eachFile,
  MADE_FROM_US,
  type MadeFile,
  madeMinutes,
  takeFiles,
} from "./worlds/made_batches.ts";

const BATCHES = Number(process.env["BATCHES"] ?? 960);
const ROUNDS = 5;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** What is measured of a store, in ms. */
async function measure(
  store: BatchStore,
  files: readonly MadeFile[],
): Promise<Map<string, number>> {
  const few = files.slice(0, files.length / 4);
  const rest = files.slice(few.length);
  const put = ({ key, bytes }: MadeFile) => store.put(key, bytes);
  return new Map([
    ["puts, 64 at once", await timed(() => eachFile(rest, 64, put))],
    ["puts, one after another", await timed(() => eachFile(few, 1, put))],
    ["gets, one after another", await timed(() => eachFile(files, 1, ({ key }) => store.get(key)))],
    ["gets, 8 at once", await timed(() => eachFile(files, 8, ({ key }) => store.get(key)))],
    [
      "listings of an hour",
      await timed(() =>
        eachFile(files.slice(0, 200), 1, async () => {
          for await (const _ of store.list(hourPrefix("forsen", MADE_FROM_US)));
        })
      ),
    ],
  ]);
}

const server = await startPostgres({ isHonest: true });
const seed = process.env["SEED"] ?? "1";
console.log(`SEED=${seed}`);
const best = { files: new Map<string, number>(), postgres: new Map<string, number>() };
const keep = (into: Map<string, number>, found: ReadonlyMap<string, number>) => {
  for (const [name, ms] of found) into.set(name, Math.min(ms, into.get(name) ?? Infinity));
};
try {
  for (let round = 0; round < ROUNDS; round++) {
    const made = madeMinutes({ channels: ["forsen"] }, `${seed} ${round}`);
    const files = takeFiles(made[Symbol.iterator](), BATCHES);
    const folder = mkdtempSync(join(tmpdir(), "chatloom-bench-files-"));
    const archive = await openPostgresArchive(server.address(), { create: true });
    try {
      keep(best.files, await measure(fileSystemStore(folder), files));
      keep(best.postgres, await measure(archive.store, files));
    } finally {
      await archive.close();
      rmSync(folder, { recursive: true });
    }
  }
  for (const [name, filesMs] of best.files) {
    const postgresMs = best.postgres.get(name)!;
    tellRow({
      name: `PostgreSQL: ${name}`,
      figure: filesMs / postgresMs,
      unit: "× as fast as files",
      detail: `${postgresMs.toFixed(0)} ms against ${filesMs.toFixed(0)} ms`,
    });
  }
  await tellCosts();
} finally {
  await server.close();
}

async function tellCosts(): Promise<void> {
  const address = server.address();
  const archive = await openPostgresArchive(address, { create: true });
  const { store } = archive;
  try {
    const files = takeFiles(
      madeMinutes({ channels: ["forsen"] }, seed)[Symbol.iterator](),
      BATCHES,
    );
    await eachFile(files, 64, ({ key, bytes }) => store.put(key, bytes));
    await tellStatementCosts(address, { store, files });
  } finally {
    await archive.close();
  }
}
