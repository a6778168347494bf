import { isChannelName } from "../../../src/core/archive/archive_key.ts";
import { contentOf, sentUs } from "../../../src/core/batch/content.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { type IrcMessage, KEPT_COMMANDS } from "../../../src/core/batch/message.ts";
import {
  DISORDER_US,
  estimateRange,
  type Moment,
  type Timestamp,
} from "../../../src/core/recording/server_time.ts";
import type { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { type Micros, minuteOf, toSeconds } from "../../../src/core/time.ts";
import { type JournalEntry, parseEntry } from "../../../src/engine/journal/entry.ts";

interface PlainMessage {
  readonly message: IrcMessage;
  readonly n: number;
  readonly channel: string;
  readonly receivedUs: Micros;
  readonly startUs: Micros;
  endUs: Micros;
  /** Its batch is closed: nothing cuts it any more. */
  isClosed: boolean;
  /** Its connection is gone. */
  isCutOff: boolean;
}

/**
 * What a recorder must make of its journal, by the rules of the design written down once more, in
 * the plainest way: every later timestamp looks at every message that is still open.
 */
export function addTape(tape: string, { run, to }: { run: string; to: SightingSet }): void {
  const recording = new PlainRecording();
  for (const text of tape.split("\n").slice(0, -1)) {
    const entry = parseEntry(text);
    if (entry === undefined) throw new RangeError(`Cannot read tape of ${run}: ${text}`);
    recording.take(entry);
  }
  for (const { message, n, receivedUs, startUs, endUs } of recording.messages) {
    const receiver = `${run}.${n}`;
    const receivedS = toSeconds(receivedUs);
    const exactUs = sentUs(message.tags);
    to.addSighting(contentOf(message), { receiver, receivedS, startUs, endUs, sentUs: exactUs });
  }
}

class PlainRecording {
  readonly messages: PlainMessage[] = [];
  readonly #last = new Map<number, Timestamp>();
  readonly #ready = new Set<string>();
  #lastOfAny: Timestamp | undefined;

  take(entry: JournalEntry): void {
    switch (entry.kind) {
      case "open":
      case "close":
        this.#last.delete(entry.n);
        return this.#leave(entry.n);
      case "line":
        return this.#takeLine(entry);
      case "batch":
        for (const each of this.messages) {
          if (each.channel !== entry.channel) continue;
          if (minuteOf(each.startUs) === entry.minuteUs) each.isClosed = true;
        }
    }
  }

  /** What comes over connection `n` from here on needs a ROOMSTATE again, and cuts nothing before. */
  #leave(n: number): void {
    for (const name of [...this.#ready]) if (name.startsWith(`${n}#`)) this.#ready.delete(name);
    for (const each of this.messages) if (each.n === n) each.isCutOff = true;
  }

  #takeLine({ n, moment, line }: { n: number; moment: Moment; line: string }): void {
    const parsed = parseIrcLine(line);
    if (!parsed.ok) return;
    const { message } = parsed;
    if (message.command === "001") this.#leave(n);
    const exactUs = sentUs(message.tags);
    if (exactUs !== undefined) {
      this.#lastOfAny = { sentUs: exactUs, elapsedUs: moment.elapsedUs };
      this.#last.set(n, this.#lastOfAny);
    }
    const target = message.params[0] ?? "";
    if (!KEPT_COMMANDS.has(message.command) || !target.startsWith("#")) return;
    const channel = target.slice(1);
    if (!isChannelName(channel)) return;
    const wasReady = this.#ready.has(`${n}#${channel}`);
    if (message.command === "ROOMSTATE") this.#ready.add(`${n}#${channel}`);
    if (!wasReady && exactUs === undefined) return;
    if (exactUs !== undefined) this.#cut({ n, channel, exactUs });
    const range = exactUs === undefined
      ? estimateRange(message, { moment, last: this.#last.get(n), lastOfAny: this.#lastOfAny })
      : { startUs: exactUs, endUs: exactUs };
    const { receivedUs } = moment;
    const fresh = { isClosed: false, isCutOff: false };
    this.messages.push({ message, n, channel, receivedUs, ...range, ...fresh });
  }

  #cut({ n, channel, exactUs }: { n: number; channel: string; exactUs: Micros }): void {
    for (const each of this.messages) {
      if (each.n !== n || each.channel !== channel || each.isClosed || each.isCutOff) continue;
      if (sentUs(each.message.tags) !== undefined) continue;
      each.endUs = Math.max(each.startUs, Math.min(each.endUs, exactUs + DISORDER_US));
    }
  }
}
