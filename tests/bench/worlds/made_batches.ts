import { createHash } from "node:crypto";
import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";
import { type Micros, MINUTE_US } from "../../../src/core/time.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";

/** A file of an archive. */
export interface MadeFile {
  readonly key: ArchiveKey;
  readonly bytes: Uint8Array;
}

/** What a batch of {@link madeBatch} holds. */
export interface MadeBatchPlace {
  readonly channel: string;
  readonly minuteUs: Micros;
  /** Who received it: two receivers have the same messages. @default a.AbCdE.1 */
  readonly receiver?: string;
}

/** Lines of a batch: with these it has 20 kB, of which gzip leaves a quarter. */
export const LINES_PER_BATCH = 56;

/** The beginning of made-up chat. */
export const MADE_FROM_US = Date.UTC(2026, 7, 1) * 1000;

/** A minute of made-up chat, as a recorder writes it. `seed` decides all of it. */
export function madeBatch(
  { channel, minuteUs, receiver = "a.AbCdE.1" }: MadeBatchPlace,
  seed: string,
): MadeFile {
  const random = seededRandom(`${seed} ${channel} ${minuteUs}`);
  let text = "";
  for (let line = 0; line < LINES_PER_BATCH; line++) {
    const words = Array.from({ length: 8 }, () => Math.floor(random.next() * 1e5).toString(36));
    const ms = minuteUs / 1000 + line * 1000;
    text +=
      `{"command":"PRIVMSG","host":"a.tmi.twitch.tv","params":["#${channel}","${
        words.join(" ")
      }"],"receivers":{"${receiver}":${ms / 1000}.0},"sender":"a","tags":{` +
      `"badge-info":"subscriber/12","color":"#1E90FF","display-name":"${words[1]}",` +
      `"first-msg":"0","id":"${ms}-${line}-${words[0]}","tmi-sent-ts":"${ms}"},` +
      `"time":${ms / 1000}.0,"time_range":0.0,"user":"a"}\n`;
  }
  const bytes = new TextEncoder().encode(text);
  const digest = new Uint8Array(createHash("sha256").update(bytes).digest());
  return { key: batchKey(channel, { timeUs: minuteUs, digest }), bytes };
}

/** Minutes of chat of many channels, minute by minute: as recorders close them. */
export function* madeMinutes(
  { channels, fromMinute = 0, receivers }: {
    readonly channels: readonly string[];
    readonly fromMinute?: number;
    readonly receivers?: readonly string[];
  },
  seed: string,
): Iterable<MadeFile> {
  for (let minute = fromMinute;; minute++) {
    const minuteUs = MADE_FROM_US + minute * MINUTE_US;
    for (const channel of channels) {
      if (receivers === undefined) yield madeBatch({ channel, minuteUs }, seed);
      for (const receiver of receivers ?? []) {
        yield madeBatch({ channel, minuteUs, receiver }, seed);
      }
    }
  }
}

/** The next `count` files. */
export function takeFiles(files: Iterator<MadeFile>, count: number): MadeFile[] {
  return Array.from({ length: count }, () => files.next().value as MadeFile);
}

/** Does `work` for each file, `width` at a time. */
export async function eachFile(
  files: readonly MadeFile[],
  width: number,
  work: (file: MadeFile) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < files.length) await work(files[next++]!);
  };
  await Promise.all(Array.from({ length: width }, one));
}
