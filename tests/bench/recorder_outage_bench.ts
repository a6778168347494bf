/**
 * The memory of a recorder whose store fails for an hour at 2,000 lines a second, and what it stores
 * afterwards.
 *
 * On the back of an envelope: an hour is 7,200,000 lines, 4 GB of batches, which no memory holds. What
 * it takes: a runtime of 100 MB, what is open (25 MB, compressed), the 40 MiB of compressed batches that
 * are tried again, as much that is read back from the journal when the store works again, and a batch or
 * two of 17 MB on their way into the store. Less than 400 MB, with what makes the chat up, which is in the
 * same process. The journal grows to 3 GB on disk meanwhile.
 *
 * The engine, the real journal on the real disk, a store that takes nothing and then counts, and a
 * virtual clock: an hour takes minutes. `MEMORY_MINUTES` and `MEMORY_RATE` ask for another run.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileSystemJournal } from "../../src/adapters/file_system/file_system_journal.ts";
import { nodeCompressor } from "../../src/adapters/compressors/node_compressor.ts";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { ChatloomError } from "../../src/core/errors/errors.ts";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import { JournalWriter } from "../../src/engine/journal/journal_writer.ts";
import { Recorder } from "../../src/engine/record/recorder.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import { intBelow, seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../src/testing/time/virtual_clock.ts";

const { env } = process;
const MINUTES = Number(env["MEMORY_MINUTES"] ?? 60);
const RATE = Number(env["MEMORY_RATE"] ?? 2_000);
const SEED = env["SIM_SEED"] ?? "outage";
const CHANNELS = ["forsen", "nymn", "ada_lovelace", "grace"];
const LINES_A_FRAME = 10;
const PEAK_MAX_MB = 400;

if (process.platform !== "linux") {
  console.log("skipped: memory is read from /proc, which is Linux's");
  process.exit(0);
}

const folder = await mkdtemp(join(tmpdir(), "chatloom-outage-"));
const clock = virtualClock();
const random = seededRandom(SEED);
let isFailing = true;
let written = 0;
const inner = memoryStore();
const store: BatchStore = {
  list: (...args) => inner.list(...args),
  folders: (...args) => inner.folders(...args),
  strays: (...args) => inner.strays(...args),
  get: (...args) => inner.get(...args),
  delete: (...args) => inner.delete(...args),
  put: (_key, _bytes) =>
    isFailing
      ? Promise.reject(new ChatloomError("STORE_FULL", "Cannot store: the bench has begun"))
      : Promise.resolve(), // Counted, not kept: it is the recorder's memory that is measured.
};
const reporter = {
  report: (severity: string, message: string) => {
    if (severity !== "info") console.log(`${severity}: ${message}`);
  },
  count: (name: string, _labels: unknown = {}, amount = 1) => {
    if (name === "messages_written") written += amount;
  },
};
const journals = fileSystemJournal(folder);
const run = await journals.openRun("bench");
const journal = new JournalWriter(run, { store: journals, reporter });
const hasher = nodeHasher();
const host = clock.host(0);
const compressor = nodeCompressor();
const recorder = new Recorder({ store, hasher, clock: host, reporter, journal, compressor });
const stop = new AbortController();
const recording = recorder.run(stop.signal);
const receiver = `${run.name}.1`;

let sent = 0;
recorder.opened(receiver);
hand(CHANNELS.map((channel) => `@room-id=1 :tmi.twitch.tv ROOMSTATE #${channel}`));
const samples: number[] = [];
try {
  for (let minute = 1; minute <= MINUTES; minute++) await passMinute(minute);
  console.log(`${recorder.state().pendingBatches} batches wait, ${sent} lines came`);
  isFailing = false;
  const begunMs = performance.now();
  for (let minute = MINUTES + 1; recorder.state().pendingBatches > 0; minute++) {
    // No line comes while it catches up: the clock is virtual, the reading is not.
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    sample();
    if (minute % 100 === 0) {
      const { pendingBatches } = recorder.state();
      console.log(`${pendingBatches} batches wait, ${samples.at(-1)!.toFixed(0)} MB resident`);
    }
  }
  stop.abort();
  await clock.run(recording);
  const backS = (performance.now() - begunMs) / 1000;
  const highest = Number(/VmHWM:\s+(\d+) kB/.exec(status())![1]) / 1024;
  const isSmall = highest <= PEAK_MAX_MB;
  console.log(
    `${sent} lines, ${sent - written} lost, stored ${backS.toFixed(0)} s after, highest ${
      highest.toFixed(0)
    } MB ` +
      `(at most ${PEAK_MAX_MB} MB: ${isSmall ? "yes" : "NO"})`,
  );
  if (sent !== written || !isSmall) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

async function passMinute(minute: number): Promise<void> {
  for (let second = 0; second < 60; second++) {
    for (let line = 0; line < RATE; line += LINES_A_FRAME) {
      hand(Array.from({ length: LINES_A_FRAME }, () => chatLine()));
      sent += LINES_A_FRAME;
    }
    await clock.advance(1_000);
    // Real files and threads need real time.
    await new Promise((resolve) => setTimeout(resolve, 0));
    sample();
  }
  if (minute % 5 !== 0) return;
  const { heldBytes, pendingBatches } = recorder.state();
  console.log(
    `${String(minute).padStart(3)} min: ${samples.at(-1)!.toFixed(0)} MB resident, ` +
      `${(heldBytes / 1024 / 1024).toFixed(0)} MB held, ${pendingBatches} batches wait`,
  );
}

function hand(lines: readonly string[]): void {
  // As from one frame: pieces of one string.
  const frame = lines.join("\r\n");
  const received = frame.split("\r\n").map((line) => {
    return { isPiece: false, line, parsed: parseIrcLine(line), isUnasked: false } as const;
  });
  void recorder.received(receiver, received);
}

function chatLine(): string {
  const user = intBelow(random, 50_000);
  const channel = CHANNELS[intBelow(random, CHANNELS.length)]!;
  const from = `:user${user}!user${user}@user${user}.tmi.twitch.tv`;
  if (random.next() < 0.1) return `${from} JOIN #${channel}`;
  const text = "so much to say ".repeat(1 + intBelow(random, 8));
  return `@badge-info=;badges=;client-nonce=${hex(32)};color=#1E90FF;display-name=User${user};` +
    `emotes=;first-msg=0;flags=;id=${hex(8)}-${hex(4)}-${hex(4)}-${hex(12)};mod=0;` +
    `returning-chatter=0;room-id=22484632;subscriber=0;` +
    `tmi-sent-ts=${Math.floor(host.wallUs() / 1000)};turbo=0;user-id=${user};user-type= ` +
    `${from} PRIVMSG #${channel} :${text}`;
}

function hex(length: number): string {
  let text = "";
  while (text.length < length) text += intBelow(random, 0x10000).toString(16).padStart(4, "0");
  return text.slice(0, length);
}

function status(): string {
  return readFileSync("/proc/self/status", "utf8");
}

function sample(): void {
  samples.push(Number(/VmRSS:\s+(\d+) kB/.exec(status())![1]) / 1024);
}
