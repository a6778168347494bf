import { PostgresClient } from "../../../src/adapters/postgres/connection/postgres_client.ts";
import { parsePostgresAddress } from "../../../src/adapters/postgres/connection/postgres_address.ts";
import { eachFile, type MadeFile, madeMinutes, takeFiles } from "../worlds/made_batches.ts";
import type { DayFigures } from "./day_needs.ts";
import { taken } from "./measure_way.ts";
import { endedChildrenMs, treeCpuMs } from "./process_cpu.ts";
import { openWay, type World } from "./ways.ts";

const CHANNELS = Array.from({ length: 64 }, (_, n) => `settled_${n}`);
const RECEIVERS = ["a.AbCdE.1", "b.AbCdE.1"];
const MINUTES = 12;

/**
 * Two recorders' batches of the same minutes, through a worker that settles, to the end of the settling.
 *
 * @throws {Error} when a minute is not one file then.
 */
export async function measureSettled(
  world: World,
  seed: string,
): Promise<Pick<DayFigures, "settled" | "keptBytes" | "logBytes">> {
  const way = await openWay({ kind: "postgres", workerCount: 1, settles: true }, world);
  const made = madeMinutes({ channels: CHANNELS, receivers: RECEIVERS }, seed)[Symbol.iterator]();
  const put = (files: readonly MadeFile[]) =>
    eachFile(files, way.width, ({ key, bytes }) => way.store.put(key, bytes));
  const aMinute = CHANNELS.length * RECEIVERS.length;
  await put(takeFiles(made, aMinute)); // All is loaded, and hours are noted.
  const files = takeFiles(made, MINUTES * aMinute);
  const [pid = 0] = way.pids.get("workers")!;
  const logBefore = await logBytes(way.address);
  const [ended, began] = [endedChildrenMs(), treeCpuMs(pid)];
  const found = await taken(way, {
    count: files.length,
    work: async () => {
      await put(files);
      await way.close(); // It settles what is due before it ends.
    },
  });
  const workersMs = endedChildrenMs() - ended - began;
  const { count, bytes } = await keptFiles(way.address);
  const minutes = (MINUTES + 1) * CHANNELS.length;
  if (count !== minutes) throw new Error(`Cannot measure: ${minutes} minutes in ${count} files`);
  return {
    settled: { ...found, cpuMs: new Map([...found.cpuMs, ["workers", workersMs]]) },
    keptBytes: bytes / count,
    logBytes: (await logBytes(way.address) - logBefore) / files.length,
  };
}

/** How much the database has written to its log. */
async function logBytes(address: string): Promise<number> {
  const [row] = await ask(address, "select pg_current_wal_lsn() - '0/0' as bytes");
  return Number(row!["bytes"]);
}

/** The files, and their rows' bytes: a row's head, its number, its key, which the index has too, and what it holds. */
async function keptFiles(address: string): Promise<{ count: number; bytes: number }> {
  const [row] = await ask(
    address,
    `select count(*) as count, sum(32 + 8 + pg_column_size(bytes) + 2 * length(key) + 16) as bytes
    from $S.file`,
  );
  return { count: Number(row!["count"]), bytes: Number(row!["bytes"]) };
}

async function ask(address: string, text: string) {
  const parsed = parsePostgresAddress(address);
  const client = new PostgresClient(parsed);
  try {
    return await client.once({ text: text.replaceAll("$S", `"${parsed.schema}"`) });
  } finally {
    await client.close();
  }
}
