import { type ArchiveKey, batchKey, isChannelName } from "../../../core/archive/archive_key.ts";
import { forEachConcurrent } from "../../../async/for_each_concurrent.ts";
import { contentKey, contentOf, contentOfFields } from "../../../core/batch/content.ts";
import { isPlainText } from "../../../core/json/canonical_json.ts";
import { KEPT_COMMANDS } from "../../../core/batch/message.ts";
import { MinuteBuffer } from "../../../core/recording/minute_buffer.ts";
import {
  hourOf,
  type Micros,
  MINUTE_US,
  minuteOf,
  SECOND_US,
  TIME_END_US,
  toSeconds,
} from "../../../core/time.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { countWritten } from "../../record/encode_recorded.ts";
import type { FoundEntry, FoundMessage, StoredMessage } from "../formats/format_reader.ts";
import { ImportReport, type LineOutcome } from "./import_report.ts";
import { contentHash } from "./content_hash.ts";
import { hourName, KnownMessages, sightingName, sightingNames } from "./known_messages.ts";

/** What a {@link MessageArchiver} works with. */
export interface ArchiverOptions {
  /** The archive. */
  readonly store: BatchStore;
  /** Names the batches. */
  readonly hasher: Hasher;
  /** Counts the messages that are written. */
  readonly reporter: Reporter;
  /** Aborts the import; stored batches stay, and importing again does the rest. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each batch that is safely stored. */
  readonly onStored?: ((key: ArchiveKey) => void) | undefined;
}

interface OpenMinute {
  readonly channel: string;
  readonly minuteUs: Micros;
  readonly buffer: MinuteBuffer;
}

/** Lines of these files are out of order by seconds; a minute this old is complete. */
const DISORDER_MAX_US = 15 * MINUTE_US;

/** How many lines are taken between two checks for minutes that are complete. */
const LOOK_EVERY = 2_000;

/** After lines of this length together, open minutes begin new batches: memory stays bounded. */
const OPEN_LENGTH_MAX = 128 * 1024 * 1024;

/** Chat was never this fast. What is known of an hour is in memory. */
const HOUR_MESSAGES_MAX = 3_000_000;

/** How many batches are stored at once. */
const PUTS_AT_ONCE = 16;

/** By how much two tools may differ in the time of one message: what the id tells matters more. */
const CLOCK_SLACK_US = 5 * SECOND_US;

const NONE: readonly Micros[] = [];
const NEVER_CUT = { sentUs: Infinity, successor: undefined };

/**
 * Archives messages that other tools kept. It adds what the archive lacks and nothing else:
 *
 * - A message that stands there with the same content gains a receiver, the importer's.
 * - A message whose id stands there with another content, as with more tags, is left out: two tools tell
 *   of one message what they know, and the first that was archived stays.
 * - What the importer's receiver reported before is a double.
 * - What a redaction matches is left out.
 *
 * So importing again, or after an interruption, leaves an archive with the same state. Batches close by what
 * was read, not by what was new: the same input gives the same files.
 */
export class MessageArchiver {
  /** What was done so far. */
  readonly report: ImportReport = new ImportReport();
  readonly #options: ArchiverOptions;
  readonly #known: KnownMessages;
  readonly #open = new Map<string, OpenMinute>();
  readonly #closed: OpenMinute[] = [];
  #sinceLook = 0;
  #sinceStore = 0;
  #newestUs = 0;

  /** An archiver that has seen nothing. */
  constructor(options: ArchiverOptions) {
    this.#options = options;
    this.#known = new KnownMessages(options, (name) => this.#closeHour(name));
  }

  /** How many entries were taken. */
  get lineCount(): number {
    return this.report.lineCount;
  }

  /** Takes an entry of a file. Returns a promise where the archive must be read or written first. */
  take(entry: FoundEntry, receiver: string): Promise<void> | undefined {
    if (entry.kind === "refused") return void this.report.refuse(entry.reason, entry.atUs);
    const { message, startUs, endUs } = entry;
    if (!(startUs >= 0 && startUs < TIME_END_US && endUs < TIME_END_US)) {
      return void this.report.refuse("no time");
    }
    if (!KEPT_COMMANDS.has(message.command)) {
      return void this.report.refuse("command not kept", startUs);
    }
    const target = message.params[0] ?? "";
    const channel = target.startsWith("#") ? target.slice(1) : "";
    if (!isChannelName(channel)) return void this.report.refuse("no channel", startUs);
    const missing = this.#missingHours(channel, startUs);
    if (missing.length > 0 || this.#isFull()) {
      return this.#load(channel, missing).then(() => void this.#add(entry, { channel, receiver }));
    }
    this.#add(entry, { channel, receiver });
    return undefined;
  }

  /**
   * Stores all that is open. Once it resolves, everything taken is safe.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async flush(): Promise<void> {
    for (const name of [...this.#open.keys()]) this.#close(name);
    await this.#storeClosed();
    this.#newestUs = this.#sinceLook = this.#sinceStore = 0;
  }

  #isFull(): boolean {
    return this.#closed.length > 0 || this.#sinceStore >= OPEN_LENGTH_MAX;
  }

  /** The hours that must be read for a message of `timeUs`: near an edge it may stand in the next one. */
  #missingHours(channel: string, timeUs: Micros): readonly Micros[] {
    const first = Math.max(0, hourOf(timeUs - CLOCK_SLACK_US));
    const last = hourOf(Math.min(timeUs + CLOCK_SLACK_US, TIME_END_US - 1));
    if (first === last) return this.#known.hour(channel, first) === undefined ? [first] : NONE;
    return [first, last].filter((hourUs) => this.#known.hour(channel, hourUs) === undefined);
  }

  async #load(channel: string, hours: readonly Micros[]): Promise<void> {
    this.#options.signal?.throwIfAborted();
    if (this.#sinceStore >= OPEN_LENGTH_MAX) {
      this.#sinceStore = 0;
      for (const name of [...this.#open.keys()]) this.#close(name);
    }
    await this.#storeClosed();
    for (const hourUs of hours) {
      await this.#known.load(channel, hourUs);
      // Hours that gave way are read again from the store: what is open of them must be there.
      await this.#storeClosed();
    }
  }

  #add(
    entry: FoundMessage | StoredMessage,
    to: { readonly channel: string; readonly receiver: string },
  ): void {
    const { startUs } = entry;
    const { channel } = to;
    this.#sinceStore += entry.line.length;
    if (this.#known.redactions(channel)!(entry.message, sightingOf(entry))) {
      this.report.refuse("redacted", startUs);
    } else if (this.#known.hour(channel, startUs)!.contents.size >= HOUR_MESSAGES_MAX) {
      this.report.refuse("too many messages in an hour", startUs);
    } else {
      const outcome = this.#judge(entry, to);
      this.report.count(outcome, startUs);
      if (outcome === "messages" || outcome === "confirmed") this.#keep(entry, to);
    }
    if (startUs > this.#newestUs) this.#newestUs = startUs;
    if (++this.#sinceLook < LOOK_EVERY) return;
    this.#sinceLook = 0;
    for (const [name, { minuteUs }] of this.#open) {
      if (minuteUs + MINUTE_US + DISORDER_MAX_US < this.#newestUs) this.#close(name);
    }
  }

  /** What a message is to the archive, which knows it from here on. */
  #judge(
    entry: FoundMessage | StoredMessage,
    { channel, receiver }: { readonly channel: string; readonly receiver: string },
  ): LineOutcome {
    const { message, startUs, endUs } = entry;
    const isStored = entry.kind === "stored";
    const content = isStored
      ? contentOfFields(entry.stored)
      : contentOf(message, { isPlain: isPlainText(entry.line) });
    const hash = contentHash(contentKey(content));
    const isExact = startUs === endUs;
    const sightings = isStored ? sightingNames(hash, entry.stored) : [
      sightingName(hash, {
        receiver,
        receivedS: isExact ? undefined : toSeconds(entry.receivedUs),
      }),
    ];
    const own = this.#known.hour(channel, startUs)!;
    if (sightings.every((each) => own.sightings.has(each))) return "doubles";
    const { tags } = message;
    const id = tags !== null && Object.hasOwn(tags, "id") ? tags["id"]! : "";
    const isHere = own.contents.has(hash);
    // Lines of batches come from recorders: what two of them heard differently stays apart.
    if (!isStored && !isHere && id !== "" && this.#hasId(channel, startUs, id)) return "held";
    for (const each of sightings) own.sightings.add(each);
    own.contents.add(hash);
    if (id !== "") own.ids.add(id);
    return isHere && isExact ? "confirmed" : "messages";
  }

  #hasId(channel: string, timeUs: Micros, id: string): boolean {
    const hours = new Set([timeUs, timeUs - CLOCK_SLACK_US, timeUs + CLOCK_SLACK_US].map(hourOf));
    for (const hourUs of hours) {
      if (hourUs >= 0 && this.#known.hour(channel, hourUs)?.ids.has(id) === true) return true;
    }
    return false;
  }

  #keep(
    entry: FoundMessage | StoredMessage,
    { channel, receiver }: { readonly channel: string; readonly receiver: string },
  ): void {
    const { message, line, startUs, endUs } = entry;
    const minuteUs = minuteOf(startUs);
    const name = `${hourName(channel, minuteUs)} ${minuteUs}`;
    let minute = this.#open.get(name);
    if (minute === undefined) {
      minute = { channel, minuteUs, buffer: new MinuteBuffer() };
      this.#open.set(name, minute);
    }
    if (entry.kind === "stored") return minute.buffer.addLine(line);
    const receipt = { line, receiver, receivedUs: entry.receivedUs };
    if (startUs === endUs) minute.buffer.addExact(message, startUs, receipt);
    else {
      const limits = { range: { startUs, endUs }, later: NEVER_CUT };
      minute.buffer.addRanged(message, limits, receipt);
    }
  }

  #close(name: string): void {
    const minute = this.#open.get(name)!;
    this.#open.delete(name);
    this.#closed.push(minute);
  }

  #closeHour(hour: string): void {
    for (const name of [...this.#open.keys()]) if (name.startsWith(`${hour} `)) this.#close(name);
  }

  async #storeClosed(): Promise<void> {
    const closed = this.#closed.splice(0);
    const { store, hasher, reporter, onStored, signal } = this.#options;
    await forEachConcurrent(closed, PUTS_AT_ONCE, async ({ channel, minuteUs, buffer }) => {
      signal?.throwIfAborted();
      const { bytes } = buffer.encode();
      const key = batchKey(channel, { timeUs: minuteUs, digest: await hasher.digest(bytes) });
      await store.put(key, bytes);
      const batch = { channel, minuteUs, buffer, firstSegment: 0 };
      countWritten(batch, { bytes: bytes.length, reporter });
      buffer.free();
      onStored?.(key);
    });
  }
}

/** What redactions ask of a message without an exact time: when it was received first. */
function sightingOf(
  entry: FoundMessage | StoredMessage,
): { readonly receivedS: number } | undefined {
  if (entry.startUs === entry.endUs) return undefined;
  if (entry.kind === "message") return { receivedS: toSeconds(entry.receivedUs) };
  let receivedS = Infinity;
  for (const heard of Object.values(entry.stored.receivers)) {
    receivedS = Math.min(receivedS, typeof heard === "number" ? heard : heard.received);
  }
  return { receivedS };
}
