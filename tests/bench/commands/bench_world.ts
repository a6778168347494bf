import {
  createWriteStream,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { writeBusyArchive } from "../busy_archive.ts";
import { batchPaths, linkArchives, readTree, type TreeFacts, writeFileAt } from "./archive_tree.ts";
import { type DaySize, heardLines } from "./generated_day.ts";
import { measureCommand } from "./measure_command.ts";
import { recordLines } from "./record_lines.ts";
import type { BenchRuntime } from "./bench_runtime.ts";

/** Recordings of one day of one channel, in a folder. */
export interface BenchWorld {
  /** Two archives of the same day, of two recorders that each lost a hundredth. */
  readonly sides: readonly string[];
  /** What a third one heard, as raw lines with received times in front. */
  readonly capture: string;
  /** Both sides, settled, with what settling remembers. */
  readonly settled: string;
  /** A settled archive of two busy hours. */
  readonly busy: string;
  /** What the two sides hold, and what they hold when they are settled. */
  readonly facts: { readonly sides: readonly TreeFacts[]; readonly settled: TreeFacts };
}

/** Two hours that are as busy as a large channel's. */
const BUSY_MINUTES = 120;

/** Makes the recordings in `folder`, or finds those that are there. */
export async function openWorld(
  folder: string,
  { size, runtime, busyLines }: {
    readonly size: DaySize;
    /** What settles the two sides for the first time. */
    readonly runtime: BenchRuntime;
    /** Lines in each minute of the busy hours. */
    readonly busyLines: number;
  },
): Promise<BenchWorld> {
  const place = join(folder, `${size.seed}-${size.messages}-${size.minutes}`);
  const paths = {
    sides: ["alpha", "beta"].map((name) => join(place, name)),
    capture: join(place, "capture.log"),
    settled: join(place, "settled"),
    busy: join(folder, `busy-${busyLines}`),
  };
  const factsPath = join(place, "facts.json");
  if (!existsSync(paths.busy)) {
    const making = `${paths.busy}.part`;
    rmSync(making, { recursive: true, force: true });
    await writeBusyArchive(making, { minutes: BUSY_MINUTES, linesPerMinute: busyLines });
    renameSync(making, paths.busy);
  }
  if (!existsSync(factsPath)) {
    rmSync(place, { recursive: true, force: true });
    for (const side of paths.sides) await writeSide(side, size);
    await writeCapture(paths.capture, size);
    linkArchives(paths.settled, paths.sides);
    await measureCommand([...runtime.chatloom, "settle", "--archive", paths.settled]);
    checkNothingLost(paths);
    const facts = { sides: paths.sides.map(readTree), settled: readTree(paths.settled) };
    writeFileSync(factsPath, JSON.stringify(facts));
  }
  return { ...paths, facts: JSON.parse(readFileSync(factsPath, "utf8")) };
}

async function writeSide(folder: string, size: DaySize): Promise<void> {
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  for await (const { key, bytes } of recordLines(heardLines(size, name), `${name}.AbCdE`)) {
    writeFileAt(join(folder, key), bytes);
  }
}

async function writeCapture(path: string, size: DaySize): Promise<void> {
  const file = createWriteStream(path);
  for (const { receivedUs, line } of heardLines(size, "capture")) {
    if (!file.write(`${(receivedUs / 1e6).toFixed(6)} ${line}\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

/** @throws {Error} when an id of one side is missing in what was settled, or is there twice. */
function checkNothingLost(paths: { readonly sides: readonly string[]; readonly settled: string }) {
  const heard = new Set(paths.sides.flatMap((side) => [...idsOf(side)]));
  const settled = [...idsOf(paths.settled)];
  const kept = new Set(settled);
  const isSame = kept.size === heard.size && [...heard].every((id) => kept.has(id));
  if (settled.length !== kept.size || !isSame) {
    throw new Error(`Cannot measure: ${settled.length} of ${heard.size} ids came out of settling`);
  }
}

function* idsOf(folder: string): Generator<string> {
  for (const path of batchPaths(folder)) {
    for (const [, id] of readFileSync(join(folder, path), "latin1").matchAll(/"id":"([^"]+)"/g)) {
      yield id!;
    }
  }
}
