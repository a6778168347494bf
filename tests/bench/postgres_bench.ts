// What an archive in PostgreSQL costs against one in a folder, on the same disk, in the same run.
//
// The sketch: a batch of 20 kB is a row of three pages after compression, and its share of the log; a server
// that flushes once for a group of puts pays the disk less often than a folder, which flushes each file and its
// folder. Reading is a round trip (0.1 ms on loopback) and 40 kB of hexadecimal, against opening a file.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { openPostgresArchive } from "../../src/adapters/postgres/postgres_archive.ts";
import { type ArchiveKey, batchKey, hourPrefix } from "../../src/core/archive/archive_key.ts";
import { MINUTE_US } from "../../src/core/time.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import { type SeededRandom, seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { startPostgres } from "../conformance/postgres/postgres_server.ts";
import { tellRow } from "./bench_row.ts";

const BATCHES = Number(process.env["BATCHES"] ?? 960);
const ROUNDS = 5;
const START_US = Date.UTC(2026, 7, 1) * 1000;
const LINES = 56; // 20 kB.

interface File {
  readonly key: ArchiveKey;
  readonly bytes: Uint8Array;
}

function batchAt(i: number, random: SeededRandom): File {
  const timeUs = START_US + i * MINUTE_US;
  let text = "";
  for (let line = 0; line < LINES; line++) {
    const words = Array.from({ length: 8 }, () => Math.floor(random.next() * 1e5).toString(36));
    const ms = timeUs / 1000 + line * 1000;
    text +=
      `{"command":"PRIVMSG","host":"a.tmi.twitch.tv","params":["#forsen","${words.join(" ")}"],` +
      `"receivers":{"a.AbCdE.1":${ms / 1000}.0},"sender":"a","tags":{"id":"${i}-${line}-${
        words[0]
      }",` +
      `"badge-info":"subscriber/12","color":"#1E90FF","display-name":"${
        words[1]
      }","first-msg":"0",` +
      `"tmi-sent-ts":"${ms}"},"time":${ms / 1000}.0,"time_range":0.0,"user":"a"}\n`;
  }
  const bytes = new TextEncoder().encode(text);
  const digest = new Uint8Array(createHash("sha256").update(bytes).digest());
  return { key: batchKey("forsen", { timeUs, digest }), bytes };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function each(files: readonly File[], width: number, work: (file: File) => Promise<unknown>) {
  let next = 0;
  const worker = async () => {
    while (next < files.length) await work(files[next++]!);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** What is measured of a store, in ms. */
async function measure(store: BatchStore, files: readonly File[]): Promise<Map<string, number>> {
  const few = files.slice(0, files.length / 4);
  const rest = files.slice(few.length);
  const put = ({ key, bytes }: File) => store.put(key, bytes);
  return new Map([
    ["puts, 64 at once", await timed(() => each(rest, 64, put))],
    ["puts, one after another", await timed(() => each(few, 1, put))],
    ["gets, one after another", await timed(() => each(files, 1, ({ key }) => store.get(key)))],
    [
      "listings of an hour",
      await timed(() =>
        each(files.slice(0, 200), 1, async () => {
          for await (const _ of store.list(hourPrefix("forsen", START_US)));
        })
      ),
    ],
  ]);
}

const server = await startPostgres({ isHonest: true });
const seed = Number(process.env["SEED"] ?? 1);
console.log(`SEED=${seed}`);
const random = seededRandom(seed);
const best = { files: new Map<string, number>(), postgres: new Map<string, number>() };
const keep = (into: Map<string, number>, found: ReadonlyMap<string, number>) => {
  for (const [name, ms] of found) into.set(name, Math.min(ms, into.get(name) ?? Infinity));
};
try {
  for (let round = 0; round < ROUNDS; round++) {
    const files = Array.from({ length: BATCHES }, (_, i) => batchAt(i, random));
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
} finally {
  await server.close();
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
