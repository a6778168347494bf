// An index in PostgreSQL against one in a file of SQLite, of the same archive, in the same run.
//
// The sketch: both hold the same facts: rows of users' minutes, of some bytes a message, and words. SQLite keeps words
// in an inverted index of its own, PostgreSQL in rows of numbers with a GIN index, which repeats them: some twice the
// room. A question is a function call there and a round trip of 0.1 ms here; both are small against reading the minutes that are
// found. `--messages N` makes more chat than 200,000 messages.
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { parsePostgresAddress } from "../../src/adapters/postgres/connection/postgres_address.ts";
import { PostgresClient } from "../../src/adapters/postgres/connection/postgres_client.ts";
import { openPostgresArchive } from "../../src/adapters/postgres/postgres_archive.ts";
import { indexFolder, sqliteIndex } from "../../src/adapters/sqlite/sqlite_index.ts";
import { HOUR_US } from "../../src/core/time.ts";
import { fillChannel } from "../../src/engine/index/fill_channel.ts";
import { HourStamps } from "../../src/engine/index/hour_stamps.ts";
import type { ChatIndex } from "../../src/ports/index/chat_index.ts";
import { noopReporter as reporter } from "../../src/ports/reporter.ts";
import { startPostgres } from "../conformance/postgres/postgres_server.ts";
import { tellRow } from "./bench_row.ts";
import { treeCpuMs } from "./remote/process_cpu.ts";
import { ChatYear, YEAR_BEGIN_US, YEAR_CHANNEL } from "./worlds/chat_year.ts";
import { writeYear } from "./worlds/year_archive.ts";

const flag = process.argv.indexOf("--messages");
const MESSAGES = flag < 0 ? 200_000 : Number(process.argv[flag + 1]);
const PER_MINUTE = 38;
const ROUNDS = 20;
const RARE = "zyzzyvaonce";

const folder = mkdtempSync(join(tmpdir(), "chatloom-index-bench-"));
const hasher = nodeHasher();
const store = fileSystemStore(folder);
const server = await startPostgres({ isHonest: true });
const address = server.address("bench_index");
const archive = await openPostgresArchive(address, { create: true });
const client = new PostgresClient(parsePostgresAddress(address));

/** Fills an index from the files; returns what it took of the processors, the server's included, in ms. */
async function fill(index: ChatIndex): Promise<number> {
  const stamps = new HourStamps({ store, hasher });
  const [before, { user, system }] = [treeCpuMs(server.pid), process.cpuUsage()];
  await fillChannel(YEAR_CHANNEL, { index, store, stamps, hasher, reporter });
  await index.purge();
  const own = process.cpuUsage();
  return (own.user - user + own.system - system) / 1000 + treeCpuMs(server.pid) - before;
}

async function indexBytesInPostgres(): Promise<number> {
  const [row] = await client.once({
    text: `select sum(pg_total_relation_size(c.oid)) as bytes from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'bench_index' and c.relkind = 'r' and c.relname like 'index\\_%'`,
  });
  return Number(row!["bytes"]);
}

try {
  const hours = Math.ceil(MESSAGES / (60 * PER_MINUTE));
  const untilUs = YEAR_BEGIN_US + hours * HOUR_US;
  const messages = await writeYear(folder, {
    ...{ seed: "11", perMinute: PER_MINUTE, fromUs: YEAR_BEGIN_US, untilUs, word: RARE },
  });
  console.log(`${messages} messages in ${hours} hours`);
  const sqlite = sqliteIndex(folder);
  if (sqlite === undefined) throw new Error("Cannot measure: this runtime has no SQLite");
  const postgres = archive.index();
  const filled = { sqlite: await fill(sqlite), postgres: await fill(postgres) };
  tellRow({
    name: "PostgreSQL: filling an index",
    figure: filled.sqlite / filled.postgres,
    unit: "× the messages/s of a core of SQLite",
    detail: Object.entries(filled)
      .map(([name, ms]) => `${name} ${(messages / ms * 1000).toFixed(0)} messages/s`).join(", "),
  });
  await sqlite.close();
  const sqliteBytes = readdirSync(indexFolder(folder))
    .reduce((sum, name) => sum + statSync(join(indexFolder(folder), name)).size, 0);
  const postgresBytes = await indexBytesInPostgres();
  tellRow({
    name: "PostgreSQL: size of an index",
    figure: postgresBytes / sqliteBytes,
    unit: "× that of SQLite",
    detail: `${(postgresBytes / messages).toFixed(0)} bytes a message against ${
      (sqliteBytes / messages).toFixed(0)
    }`,
  });
  const again = sqliteIndex(folder)!;
  const person = { ids: [ChatYear.id(400)], logins: [ChatYear.login(400)] };
  const questions: { readonly [name: string]: (index: ChatIndex) => Promise<unknown> } = {
    "minutes of a user": (index) => index.find(YEAR_CHANNEL, { person }),
    "minutes of a rare word": (index) => index.find(YEAR_CHANNEL, { words: [RARE] }),
    "indexed hours": (index) => index.hours(YEAR_CHANNEL),
    "names of a user": (index) => index.people({ ids: person.ids }),
    rooms: (index) => index.rooms(),
  };
  for (const [name, ask] of Object.entries(questions)) {
    const least = { sqlite: Infinity, postgres: Infinity };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [which, index] of [["sqlite", again], ["postgres", postgres]] as const) {
        const startMs = performance.now();
        const found = await ask(index);
        least[which] = Math.min(least[which], performance.now() - startMs);
        if (!Array.isArray(found) || found.length === 0) {
          throw new Error(`Cannot measure ${name}: ${which} finds nothing`);
        }
      }
    }
    tellRow({
      name: `PostgreSQL: ${name}`,
      figure: least.postgres,
      unit: "ms",
      detail: `${(least.postgres / least.sqlite).toFixed(1)} × as long as SQLite, which takes ${
        least.sqlite.toFixed(2)
      } ms`,
    });
  }
  await again.close();
} finally {
  await client.close();
  await archive.close();
  await server.close();
  rmSync(folder, { recursive: true });
}
