// A busy channel's hour is 17,000 messages of 600 bytes: 10 MB in 60 files. Of each message some 60 bytes cannot be
// compressed: an id of 16 bytes, the time of its receipt, who said it and what was said. The floor for packing is
// what gzip makes of each file, and for reading a minute to decompress its frame, 4 MB at a gigabyte a second.
// `--hours 24` packs the whole generated day; each hour is as busy as the next, and the default is four of them.
//
// A minute is read by a store that was opened for it, so nothing but the file system's cache is warm; for cold reads
// the pack is dropped from that cache, too.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { fileSystemLock } from "../../src/adapters/file_system/file_system_lock.ts";
import { packedStore } from "../../src/adapters/file_system/packs/packed_store.ts";
import { minutePrefix, parseArchiveKey } from "../../src/core/archive/archive_key.ts";
import { areBytesEqual } from "../../src/core/bytes.ts";
import { packArchive } from "../../src/engine/pack/pack_archive.ts";
import { packThreads } from "../../src/node/wiring/packs/pack_thread.ts";
import { intBelow, seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { tellRow } from "./bench_row.ts";
import { writeFileAt } from "./commands/archive_tree.ts";
import { CHANNEL, heardLines } from "./commands/generated_day.ts";
import { type RecordedFile, recordLines } from "./commands/record_lines.ts";

const MESSAGES_AN_HOUR = 400_000 / 24;
const READS = 30;

const flag = process.argv.indexOf("--hours");
const hours = flag < 0 ? 4 : Number(process.argv[flag + 1]);
const folder = mkdtempSync(join(tmpdir(), "chatloom-pack-bench-"));

try {
  await measure();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const size = { seed: "1", messages: Math.round(MESSAGES_AN_HOUR * hours), minutes: 60 * hours };
  const files: RecordedFile[] = [];
  const total = { bytes: 0, gzip: 0, capture: 0 };
  for await (const file of recordLines(heardLines(size, "alpha"), "alpha.AbCdE")) {
    files.push(file);
    writeFileAt(join(folder, file.key), file.bytes);
    total.bytes += file.bytes.length;
    total.gzip += gzipSync(file.bytes).length;
  }
  let capture = "";
  for (const { receivedUs, line } of heardLines(size, "alpha")) {
    capture += `${(receivedUs / 1e6).toFixed(6)} ${line}\n`;
  }
  total.capture = gzipSync(capture).length;
  const packedBytes = await packAll(total.bytes);
  const detail = `${files.length} files, ${megabytes(total.bytes)} became ${
    megabytes(packedBytes)
  }`;
  const times = "× smaller than the batch files";
  tellRow({
    name: "packing the generated day",
    figure: total.bytes / packedBytes,
    unit: times,
    atLeast: 9,
    detail,
  });
  tellRow({ name: "gzip of each file", figure: total.bytes / total.gzip, unit: times });
  tellRow({
    name: "the day's raw lines, gzipped",
    figure: total.capture / packedBytes,
    unit: "× the packs",
    detail: megabytes(total.capture),
  });
  await readMinutes(files);
}

async function packAll(bytes: number): Promise<number> {
  const threads = packThreads();
  const store = packedStore(folder, { compress: threads.compress });
  const lock = fileSystemLock(folder);
  const [beginMs, begin] = [performance.now(), process.cpuUsage()];
  let packedBytes = 0;
  for await (
    const { done, hour, fault } of packArchive({ store, packs: store, lock, beforeUs: 8e15 })
  ) {
    if (done === undefined) throw new Error(`Cannot measure: ${hour} was not packed: ${fault}`);
    packedBytes += done.packedBytes;
  }
  await threads.close();
  const { user, system } = process.cpuUsage(begin);
  const detail = `${((performance.now() - beginMs) / 1000).toFixed(1)} s`;
  const figure = bytes / (user + system);
  tellRow({ name: "packing", figure, unit: "MB a second of processor time", detail });
  return packedBytes;
}

async function readMinutes(files: readonly RecordedFile[]): Promise<void> {
  const random = seededRandom("minutes");
  const read = async (isCold: boolean): Promise<number> => {
    const { key, bytes } = files[intBelow(random, files.length)]!;
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch") throw new TypeError(key);
    const pack = join(folder, `${CHANNEL}/.chatloom/packs/${key.split("/")[2]}.tar.zst`);
    // Says that nothing of the file will be needed again; reads nothing.
    if (isCold) spawnSync("dd", [`if=${pack}`, "iflag=nocache", "count=0"]);
    const beginMs = performance.now();
    const store = packedStore(folder);
    let found: Uint8Array | undefined;
    for await (const each of store.list(minutePrefix(CHANNEL, parts.minuteUs))) {
      const got = await store.get(each);
      if (each === key) found = got;
    }
    const tookMs = performance.now() - beginMs;
    if (found === undefined || !areBytesEqual(found, bytes)) throw new Error(`Lost: ${key}`);
    return tookMs;
  };
  for (const [name, isCold, atMost] of [["warm", false, 30], ["cold", true, 100]] as const) {
    const tookMs: number[] = [];
    for (let i = 0; i < READS; i++) tookMs.push(await read(isCold));
    tookMs.sort((a, b) => a - b);
    const detail = `${tookMs.at(-1)!.toFixed(1)} ms at most, of ${READS} minutes`;
    const figure = tookMs[READS >> 1]!;
    tellRow({
      name: `a random minute of packed hours, ${name}`,
      figure,
      unit: "ms",
      atMost,
      detail,
    });
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
