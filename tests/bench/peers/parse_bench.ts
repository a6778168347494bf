/**
 * Parsing chat, beside the parsers that others use.
 *
 * On the back of an envelope: the busiest channels send 300 lines a second, 500 bytes each. A recorder
 * of a thousand channels, three times over, may see 30,000 lines in a bad second: 33 µs a line for
 * everything, on one core. An import of old captures should take a day, 10 million lines, in minutes:
 * 10 µs a line. A line has some 16 tags: 16 searches for `;`, as many for `=`, and as many strings
 * to make, which is a floor of about half a microsecond.
 *
 * Every result is read through to the last tag: who puts work off does not win by it.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { parseIRCMessage, parseTwitchMessage } from "dank-twitch-irc";
import { parse as parseWithIrcMessage } from "irc-message";
import { parseMessage } from "ircv3";
import tmiParser from "tmi.js/lib/parser.js";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { encodeRecordedBatch } from "../../../src/engine/record/encode_recorded.ts";
import { Recording } from "../../../src/engine/record/recording.ts";
import type { Hasher } from "../../../src/ports/hasher.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { tellRow } from "../bench_row.ts";
import { medianMs } from "../worlds/rounds.ts";

/** Parsing must be this many times as fast as the fastest of the others. */
const PARSE_RATIO_MIN = 3;

const path = new URL(
  "../../../../shared/data/lines/go-twitch-irc-channel-xqcow.txt",
  import.meta.url,
);
if (!existsSync(path)) {
  console.log(`skipped: ${path.pathname} is missing`);
  process.exit(0);
}
const lines = readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
const byteCount = lines.reduce((sum, line) => sum + new TextEncoder().encode(line).length, 0);
console.log(
  `${lines.length} lines of one channel, ${Math.round(byteCount / lines.length)} bytes each`,
);

/** Makes a reader of all tags. Each parser gets its own, as each program has one parser. */
function tagReader(): (tags: object | null) => number {
  return (tags) => {
    let length = 0;
    for (const key in tags) length += String((tags as Record<string, unknown>)[key]).length;
    return length;
  };
}

const hasher: Hasher = {
  digest: (bytes) => createHash("sha256").update(bytes).digest(),
  stream: () => {
    throw new TypeError("Cannot stream: no bench needs it");
  },
};

/** Fresh strings, as a connection brings them: engines remember what they found out about old ones. */
function freshLines(): string[] {
  return text.split("\n");
}
const text = lines.join("\n");

/** A work that parses line after line and reads the tags of each. */
function parsing(parse: (line: string) => object | null): (lines: readonly string[]) => number {
  const readTags = tagReader();
  return (lines) => {
    let sum = 0;
    for (const line of lines) sum += readTags(parse(line));
    return sum;
  };
}

const peers = {
  "irc-message": parsing((line) => parseWithIrcMessage(line)!.tags),
  "dank-twitch-irc, IRC layer": parsing((line) => parseIRCMessage(line).ircTags),
  "dank-twitch-irc, typed": parsing((line) => parseTwitchMessage(line).ircTags),
  "tmi.js": parsing((line) => tmiParser.msg(line)!.tags),
  "ircv3 (twurple)": (lines: readonly string[]) => {
    let length = 0;
    for (const line of lines) {
      for (const [, value] of parseMessage(line).tags) length += value.length;
    }
    return length;
  },
};
const ours = {
  "chatloom, parse": parsing((line) => {
    const parsed = parseIrcLine(line);
    return parsed.ok ? parsed.message.tags : null;
  }),
  "chatloom, to hashed batches": recordAll,
};

/** The whole way: lines parsed, timed, sorted into minutes, encoded in normal form, hashed, named. */
async function recordAll(lines: readonly string[]): Promise<number> {
  const recording = new Recording({ run: "bench.AbCdE", reporter: noopReporter, isMidway: true });
  let elapsedUs = 0;
  for (const line of lines) {
    elapsedUs += 92_600; // 5,000 lines in 463 s
    recording.line(0, { receivedUs: 1.6e15 + elapsedUs, elapsedUs }, line);
  }
  let messageCount = 0;
  for (const { channel, minuteUs } of recording.openBatches()) {
    const batch = recording.closeBatch(channel, minuteUs)!;
    await encodeRecordedBatch(batch, hasher);
    messageCount += batch.buffer.messageCount;
  }
  if (messageCount !== lines.length) throw new Error(`Cannot measure: ${messageCount} messages`);
  return messageCount;
}

const times = await medianMs({ ...peers, ...ours }, { prepare: freshLines });
const fastest = Math.min(...Object.keys(peers).map((name) => times[name as keyof typeof peers]));
for (const [name, ms] of Object.entries(times).sort(([, a], [, b]) => a - b)) {
  const perLine = (1000 * ms / lines.length).toFixed(2).padStart(6);
  console.log(
    `${name.padEnd(28)} ${perLine} µs a line, ${(fastest / ms).toFixed(2)} × the fastest peer`,
  );
}
const parseRatio = fastest / times["chatloom, parse"];
const wholeRatio = fastest / times["chatloom, to hashed batches"];
const unit = "× as fast as the fastest peer";
tellRow({ name: "parse a line", figure: parseRatio, unit, atLeast: PARSE_RATIO_MIN });
tellRow({ name: "line to hashed batch", figure: wholeRatio, unit: `${unit} parses`, atLeast: 1 });
