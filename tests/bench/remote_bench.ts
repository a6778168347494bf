// What it costs to write through a broker and workers, against writing where the archive is, in the same run.
//
// The sketch: a batch of 20 kB is compressed to 5 kB, published, written to the broker's disk, confirmed, delivered,
// checked, stored with up to a hundred others, answered and acknowledged: some 25 system calls in three programs where a
// direct put has one statement. With many on their way at a time none of them waits for another, so the floor is the sum
// of what the programs take of the cores. `--batches N` puts N in each round, `--rounds N` makes N rounds.
// With `PROFILE=DIR` in the environment workers write CPU profiles into that folder.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { nodeGzip } from "../../src/adapters/compressors/node_gzip.ts";
import { compressBody } from "../../src/engine/remote/compressed_body.ts";
import { startRabbit } from "../conformance/broker/rabbit_server.ts";
import { startPostgres } from "../conformance/postgres/postgres_server.ts";
import { tellRow } from "./bench_row.ts";
import { bottleneckOf } from "./remote/bottleneck.ts";
import { dayNeeds } from "./remote/day_needs.ts";
import { measureSettled } from "./remote/measure_settled.ts";
import { leastOf, measureWay, perBatchMs, type Taken } from "./remote/measure_way.ts";
import { openWay, ROLES, type Way, type World } from "./remote/ways.ts";
import { LINES_PER_BATCH, madeMinutes, takeFiles } from "./worlds/made_batches.ts";

const BATCHES = flag("--batches", 1_536);
const ROUNDS = flag("--rounds", 3);
const SEED = process.env["SEED"] ?? "1";
const CHANNELS = Array.from({ length: 256 }, (_, n) => `channel_${n}`);

const WAYS = [
  { kind: "files", workerCount: 0 },
  { kind: "postgres", workerCount: 0 },
  { kind: "files", workerCount: 1 },
  { kind: "postgres", workerCount: 1 },
  { kind: "postgres", workerCount: 2 },
  { kind: "postgres", workerCount: 4 },
] as const;

function flag(name: string, byDefault: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? byDefault : Number(process.argv[at + 1]);
}

/** Each way in turn, round by round, after one that warms up. */
async function measureAll(ways: readonly Way[]): Promise<ReadonlyMap<Way, Taken>> {
  const made = madeMinutes({ channels: CHANNELS }, SEED)[Symbol.iterator]();
  const rounds = new Map<Way, Taken[]>(ways.map((way) => [way, []]));
  const warm = takeFiles(made, CHANNELS.length);
  for (const way of ways) await measureWay(way, warm);
  for (let round = 0; round < ROUNDS; round++) {
    const files = takeFiles(made, BATCHES);
    for (let i = 0; i < ways.length; i++) {
      const way = ways[(i + round) % ways.length]!;
      rounds.get(way)!.push(await measureWay(way, files));
    }
  }
  return new Map([...rounds].map(([way, each]) => [way, leastOf(each)]));
}

function tellWays(found: ReadonlyMap<Way, Taken>): void {
  const rate = ({ count, wallMs }: Taken) => count / wallMs * 1000;
  const direct = (kind: Way["kind"]) =>
    [...found].find(([way]) => way.kind === kind && way.workerCount === 0)![1];
  for (const [way, each] of found) {
    const roles = ROLES.filter((role) => way.pids.has(role));
    const costs = roles.map((role) => `${role} ${perBatchMs(each, role).toFixed(2)}`);
    tellRow({
      name: way.name,
      figure: rate(each),
      unit: "batches/s",
      detail: [
        `${(rate(each) * LINES_PER_BATCH / 1000).toFixed(0)} thousand lines/s`,
        `${(rate(each) / rate(direct("files"))).toFixed(2)} × files directly`,
        `${(rate(each) / rate(direct("postgres"))).toFixed(2)} × PostgreSQL directly`,
        `ms of a core a batch: ${costs.join(", ")}`,
      ].join("; "),
    });
    const processCounts = new Map(roles.map((role) => [role, way.pids.get(role)!.length]));
    console.log(`      limited by ${bottleneckOf(each, { processCounts })}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "chatloom-bench-remote-"));
console.log(`SEED=${SEED}`);
const [rabbit, database] = await Promise.all([startRabbit(), startPostgres({ isHonest: true })]);
const world: World = { rabbit, database, folder };
const ways: Way[] = [];
try {
  for (const choice of WAYS) ways.push(await openWay(choice, world));
  const found = await measureAll(ways);
  tellWays(found);
  const stored = [...found].find(([way]) => way.kind === "postgres" && way.workerCount === 1)![1];
  for (const way of ways.splice(0)) await way.close();
  const [{ bytes } = { bytes: new Uint8Array(0) }] = takeFiles(
    madeMinutes({ channels: CHANNELS }, SEED)[Symbol.iterator](),
    1,
  );
  const { body } = await compressBody(bytes, nodeGzip());
  const settled = await measureSettled(world, SEED);
  const figures = { stored, ...settled, batchBytes: bytes.length, sentBytes: body.length };
  for (const need of dayNeeds(figures)) tellRow(need);
} finally {
  for (const way of ways) await way.close();
  await rabbit.close();
  await database.close();
  rmSync(folder, { recursive: true });
}
