// A year of a busy channel is 20 million messages: 525,600 minutes of 38 messages and 23 KB, 12 GB of text. A user's
// month is some hundred minutes of 43,200. The floor for finding them is to read a row of the index and these
// minutes; without an index it is to read the month, 1 GB, and for a word that was said once the whole year.
// Per message the index may take a quarter of its packed line: some 25 bytes, of which a word's minute takes one or
// two, and a user's minute two. `--messages 20000000` makes the whole year; the default is its first month. A smaller one
// has few messages of each user, and a larger index. `--keep FOLDER` makes the archive there, or measures the one that is
// there; `--no-scans` leaves out how long it takes without the index.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import * as zlib from "node:zlib";
import { fileSystemSettled } from "../../src/adapters/file_system/file_system_settled.ts";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { fileSystemVersions } from "../../src/adapters/file_system/file_system_versions.ts";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { indexFolder, sqliteIndex } from "../../src/adapters/sqlite/sqlite_index.ts";
import { systemClock } from "../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../src/adapters/system/system_random.ts";
import { batchKey } from "../../src/core/archive/archive_key.ts";
import { wordsOf } from "../../src/core/text/fold_words.ts";
import { searchedText } from "../../src/core/text/message_filter.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../src/core/time.ts";
import { SharedChatReader } from "../../src/engine/api/chat/shared_chat_reader.ts";
import { fillChannel } from "../../src/engine/index/fill_channel.ts";
import { HourStamps } from "../../src/engine/index/hour_stamps.ts";
import { IndexFinder } from "../../src/engine/index/index_finder.ts";
import { ALL_TIME, ChatLog } from "../../src/engine/logs/chat_log.ts";
import { LogDays, monthOf } from "../../src/engine/logs/log_days.ts";
import { rememberedListings } from "../../src/engine/read/files/remembered_listings.ts";
import { settleArchive } from "../../src/engine/settle/settle_archive.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { tellRow } from "./bench_row.ts";
import { ChatYear, YEAR_BEGIN_US, YEAR_CHANNEL } from "./worlds/chat_year.ts";

/** Node's types here are older than its zstd. */
const { zstdCompressSync } = zlib as unknown as { zstdCompressSync(bytes: Uint8Array): Uint8Array };

const flag = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const MESSAGES = Number(flag("--messages") ?? 1_500_000);
const KEPT = flag("--keep");
const SCANS = !process.argv.includes("--no-scans");
const RARE = "zyzzyvaonce";
const ROUNDS = 5;

const folder = KEPT ?? mkdtempSync(join(tmpdir(), "chatloom-index-bench-"));
/** What is known of a kept archive. */
const FACTS = join(folder, ".index_bench.json");
const hasher = nodeHasher();
const clock = systemClock();
const settled = fileSystemSettled(folder);
const store = fileSystemStore(folder);
const reporter = noopReporter;

interface Written {
  readonly messages: number;
  readonly packedBytes: number;
  readonly lastUs: Micros;
}

/** An archive that is settled and indexed. */
interface Filled extends Written {
  /** Messages a second of one core. */
  readonly fillRate: number;
}

/** Writes the archive, as it is settled: not through a store, which would flush each file. */
async function write(): Promise<Written> {
  const year = new ChatYear("11");
  let packedBytes = 0;
  let hourUs = YEAR_BEGIN_US;
  for (; year.count < MESSAGES; hourUs += HOUR_US) {
    const minutes: Uint8Array[] = [];
    for (let minuteUs = hourUs; minuteUs < hourUs + HOUR_US; minuteUs += MINUTE_US) {
      // A word that is said once, soon after the beginning: the newest first is the worst order for it.
      const isRare = minuteUs === YEAR_BEGIN_US + 3 * HOUR_US + 7 * MINUTE_US;
      const bytes = year.minute(minuteUs, isRare ? RARE : undefined);
      minutes.push(bytes);
      const key = batchKey(YEAR_CHANNEL, { timeUs: minuteUs, digest: await hasher.digest(bytes) });
      const path = join(folder, key);
      if (minutes.length === 1) mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, bytes);
    }
    packedBytes += zstdCompressSync(joined(minutes)).length;
  }
  return { messages: year.count, packedBytes, lastUs: hourUs };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A node that has just been started, with an index or without. */
function openLog(isIndexed: boolean): { readonly log: ChatLog; close(): Promise<void> } {
  const index = isIndexed ? sqliteIndex(folder) : undefined;
  const stamps = new HourStamps({ store, hasher, versions: fileSystemVersions(folder) });
  const finder = index && new IndexFinder({ index, store, stamps, clock });
  const remembered = rememberedListings(store, fileSystemVersions(folder));
  const options = {
    ...{ store: remembered, hasher, clock, reporter, settled },
    random: systemRandom(),
  };
  const reader = new SharedChatReader({
    ...options,
    cacheMaxBytes: 32 * 1024 * 1024,
    bootName: "",
  });
  const log = new ChatLog({ ...options, reader, finder, scanMaxUs: 3_600_000_000 });
  return { log, close: async () => await index?.close() };
}

/** The least time of some rounds, each of a node that has just been started, or that was asked before. */
async function leastMs(
  isIndexed: boolean,
  work: (log: ChatLog) => Promise<unknown>,
  { rounds = ROUNDS, isRunning = false } = {},
): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const { log, close } = openLog(isIndexed);
    if (isRunning) await work(log);
    const startMs = performance.now();
    const found = await work(log);
    least = Math.min(least, performance.now() - startMs);
    if (found === undefined) throw new Error("Cannot measure: nothing was found");
    await close();
  }
  return least;
}

/** How long `grep` takes to find a text in files, in ms. */
function grepMs(text: string, folders: readonly string[]): number {
  const startMs = performance.now();
  const { status } = spawnSync("grep", ["-rlF", text, ...folders], { stdio: "ignore" });
  if (status !== 0) throw new Error(`Cannot measure: grep found no ${text}`);
  return performance.now() - startMs;
}

/** Writes the archive, settles and indexes it. */
async function fill(): Promise<Filled> {
  const written = await write();
  await settleArchive({ store, hasher, reporter, notes: settled });
  // Folders that changed in the last moments would be listed.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const cpuBefore = process.cpuUsage();
  const index = sqliteIndex(folder)!;
  const stamps = new HourStamps({ store, hasher, versions: fileSystemVersions(folder) });
  await fillChannel(YEAR_CHANNEL, { index, store, stamps, hasher, reporter, settled });
  await index.purge();
  await index.close();
  const cpu = process.cpuUsage(cpuBefore);
  return { ...written, fillRate: written.messages / ((cpu.user + cpu.system) / 1e6) };
}

/** The archive of an earlier run, or a new one. */
async function keptOrNew(): Promise<Filled> {
  if (existsSync(FACTS)) return JSON.parse(readFileSync(FACTS, "utf8"));
  mkdirSync(folder, { recursive: true });
  const filled = await fill();
  if (KEPT !== undefined) writeFileSync(FACTS, JSON.stringify(filled));
  return filled;
}

const { messages, packedBytes, lastUs, fillRate } = await keptOrNew();
console.log(`${messages} messages in ${(lastUs - YEAR_BEGIN_US) / HOUR_US} hours`);
tellRow({
  name: "filling, of one core",
  figure: fillRate,
  unit: "messages/s",
  atLeast: 5_000,
});
const indexBytes = readdirSync(indexFolder(folder))
  .reduce((sum, name) => sum + statSync(join(indexFolder(folder), name)).size, 0);
tellRow({
  name: "size of the index",
  figure: indexBytes / packedBytes,
  unit: "× the hours, packed (zstd)",
  atMost: 0.25,
  detail: `${(indexBytes / 1e6).toFixed(1)} MB, ${(packedBytes / 1e6).toFixed(1)} MB packed`,
});

const [month] = [monthOf(YEAR_BEGIN_US + HOUR_US)];
const rank = 400; // Some messages a day.
const person = { id: ChatYear.id(rank), login: ChatYear.login(rank) };
const usersMonth = async (log: ChatLog) => {
  const room = await log.rooms.byLogin(YEAR_CHANNEL);
  return await log.firstLine(room!, { ...month, person });
};
const rareWord = async (log: ChatLog) => {
  const room = await log.rooms.byLogin(YEAR_CHANNEL);
  return await log.firstLine(room!, {
    ...ALL_TIME,
    isReversed: true,
    words: [RARE],
    accepts: (message) => wordsOf(searchedText(message)).includes(RARE),
  });
};
const recent = async (log: ChatLog) => {
  const room = await log.rooms.byLogin(YEAR_CHANNEL);
  let count = 0;
  for await (const lines of log.lines(room!, { ...ALL_TIME, isReversed: true })) {
    count += lines.length;
    if (count >= 800) return count;
  }
  return undefined;
};
const channels = async (log: ChatLog) => (await log.rooms.all())[0];
const days = async (log: ChatLog) => {
  const room = await log.rooms.byLogin(YEAR_CHANNEL);
  return (await new LogDays(log).days(room!, {}))[0];
};
const wholeMonth = async (log: ChatLog) => {
  const room = await log.rooms.byLogin(YEAR_CHANNEL);
  let count = 0;
  for await (const lines of log.lines(room!, { ...month, person })) count += lines.length;
  return count || undefined;
};

const chat = join(folder, YEAR_CHANNEL, "chat");
const monthName = new Date(YEAR_BEGIN_US / 1_000).toISOString().slice(0, 8);
const monthFolders = readdirSync(chat).filter((name) => name.startsWith(monthName))
  .map((name) => join(chat, name));
for (
  const { name, work, atMostMs, grep, scans = true, isRunning = false } of [
    { name: "a user's month, first line", work: usersMonth, atMostMs: 300 },
    {
      name: "a user's month, all lines",
      work: wholeMonth,
      grep: () => grepMs(`"user-id":"${person.id}"`, monthFolders),
    },
    {
      name: "a rare word, newest first",
      work: rareWord,
      atMostMs: 1_000,
      grep: () => grepMs(RARE, [chat]),
    },
    { name: "channels", work: channels, atMostMs: 50, isRunning: true },
    { name: "days of a channel", work: days, atMostMs: 50, isRunning: true },
    { name: "recent 800 messages", work: recent, atMostMs: 50, isRunning: true },
  ] as readonly Question[]
) {
  const ms = await leastMs(true, work, { isRunning });
  const coldMs = isRunning ? await leastMs(true, work) : undefined;
  const scanMs = scans && SCANS ? await leastMs(false, work, { rounds: 1 }) : undefined;
  const grepped = grep?.();
  tellRow({
    name,
    figure: ms,
    unit: isRunning ? "ms, by a node that runs" : "ms, by a node just started",
    ...(atMostMs === undefined ? {} : { atMost: atMostMs }),
    detail: [
      ...(coldMs === undefined ? [] : [`${coldMs.toFixed(0)} ms by a node just started`]),
      ...(scanMs === undefined ? [] : [`scanning takes ${(scanMs / ms).toFixed(1)} × as long`]),
      ...(grepped === undefined ? [] : [`grep ${(grepped / ms).toFixed(1)} ×`]),
    ].join(", "),
  });
}
if (KEPT === undefined) rmSync(folder, { recursive: true });

interface Question {
  readonly name: string;
  readonly work: (log: ChatLog) => Promise<unknown>;
  readonly atMostMs?: number;
  readonly grep?: () => number;
  readonly scans?: boolean;
  /** Whether what a node remembers counts. @default false */
  readonly isRunning?: boolean;
}
