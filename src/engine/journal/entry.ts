import { isChannelName } from "../../core/archive/archive_key.ts";
import { formatSeconds } from "../../core/json/canonical_json.ts";
import { parseJson } from "../../core/json/parse_json.ts";
import { fromSeconds, type Micros } from "../../core/time.ts";
import { isListeningState, type ListeningState } from "../coverage/listening_tracker.ts";
import type { ServerClockState } from "../../core/recording/server_clock.ts";
import type { Moment, Timestamp } from "../../core/recording/server_time.ts";

/**
 * An entry of a journal. Entries stand in the order of events. Receivers are numbers
 * here: the id is `<run>.<n>`, with the run that the first checkpoint names.
 */
export type JournalEntry =
  /** Begins every segment: what the recorder knew of its open connections. */
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint }
  | { readonly kind: "open"; readonly n: number; readonly moment: Moment }
  /** A line as it came. */
  | { readonly kind: "line"; readonly n: number; readonly moment: Moment; readonly line: string }
  /** A fragment of a line: the torn end of a connection, or a part of a line that was too long. */
  | { readonly kind: "piece"; readonly n: number; readonly moment: Moment; readonly line: string }
  | { readonly kind: "close"; readonly n: number; readonly moment: Moment }
  /** The batch of this minute was closed here: later lines are not in it. */
  | {
    readonly kind: "batch";
    /** A number that is unique in the run. */
    readonly id: number;
    readonly channel: string;
    readonly minuteUs: Micros;
  }
  /**
   * A line of a file that is not stored yet: data from before this journal, which replaced one
   * that was lost.
   */
  | {
    readonly kind: "kept";
    readonly channel: string;
    readonly minuteUs: Micros;
    readonly line: string;
  }
  /** That batch is safely stored. */
  | { readonly kind: "stored"; readonly id: number };

/** The state of a recorder's open connections, so that a journal can be read from the middle. */
export interface Checkpoint {
  /**
   * The name of the recorder's run: part of its receivers' ids. That of the first journal it wrote;
   * one that took its place has another name.
   */
  readonly run: string;
  /** The last timestamp that any connection brought. */
  readonly serverClock: Timestamp | undefined;
  /** The state of the server's clock; older journals lack it. */
  readonly clock?: ServerClockState;
  /** Those that are open, each once. */
  readonly connections: readonly CheckpointConnection[];
  /** When its connections listened, as far as it is not stored yet; older journals lack it. */
  readonly listening?: ListeningState;
}

/** The state of one open connection. */
export interface CheckpointConnection {
  /** Its number in the run. */
  readonly n: number;
  /** When its last line came. */
  readonly moment: Moment;
  /** Its last timestamp. */
  readonly last: Timestamp | undefined;
  /** How long nothing was read from it, see `ServerClock`; older journals lack it. */
  readonly unreadUs?: Micros;
  /** The channels whose first ROOMSTATE it brought. */
  readonly channels: readonly string[];
  /** The other channels whose JOIN the server confirmed, and when; older journals lack them. */
  readonly confirmed?: readonly (readonly [channel: string, elapsedUs: Micros])[];
}

/** The start of the first line of every segment. */
export const JOURNAL_MAGIC = "# chatloom journal 1 ";

/**
 * Writes an entry as one line of text, line feed included. Lines of chat begin with their received
 * time in seconds, so people and tools can read a journal as a capture.
 *
 * The line of chat itself must hold no line feed.
 */
export function formatEntry(entry: JournalEntry): string {
  switch (entry.kind) {
    case "checkpoint":
      return `${JOURNAL_MAGIC}${JSON.stringify(entry.checkpoint)}\n`;
    case "line":
      return `${formatMoment(entry.moment)} ${entry.n} ${entry.line}\n`;
    case "piece":
      return `~ ${formatMoment(entry.moment)} ${entry.n} ${entry.line}\n`;
    case "open":
      return `+ ${formatMoment(entry.moment)} ${entry.n}\n`;
    case "close":
      return `- ${formatMoment(entry.moment)} ${entry.n}\n`;
    case "batch":
      return `! ${formatSeconds(entry.minuteUs)} ${entry.id} ${entry.channel}\n`;
    case "kept":
      return `* ${formatSeconds(entry.minuteUs)} ${entry.channel} ${entry.line}\n`;
    case "stored":
      return `= ${entry.id}\n`;
  }
}

function formatMoment({ receivedUs, elapsedUs }: Moment): string {
  return `${formatSeconds(receivedUs)} ${formatSeconds(elapsedUs)}`;
}

// Python writes numbers below 0.0001 with an exponent; so does this.
const MOMENT = /^(\d{1,10}\.\d{1,6}) (\d{1,10}\.\d{1,6}|\d(?:\.\d)?e-0\d) (\d{1,9})$/;
const LINE = new RegExp(`${MOMENT.source.slice(0, -1)} ([^]*)$`);
const KEPT = /^(\d{1,10}\.\d{1,6}) ([a-z0-9_-]{1,64}) (\{[^]*\})$/;
const BATCH = /^(\d{1,10}\.\d{1,6}) (\d{1,15}) ([a-z0-9_-]{1,64})$/;

/** Reads an entry from its line, without the line feed; `undefined` if it is none. Never throws. */
export function parseEntry(text: string): JournalEntry | undefined {
  const rest = text.slice(2);
  switch (text[0]) {
    case "#":
      return parseCheckpoint(text);
    case "+":
      return parseConnectionEntry("open", rest);
    case "-":
      return parseConnectionEntry("close", rest);
    case "~":
      return parseLineEntry("piece", rest);
    case "!":
      return parseBatchEntry(rest);
    case "*":
      return parseKeptEntry(rest);
    case "=":
      return /^\d{1,15}$/.test(rest) ? { kind: "stored", id: Number(rest) } : undefined;
    default:
      return parseLineEntry("line", text);
  }
}

function parseLineEntry(kind: "line" | "piece", text: string): JournalEntry | undefined {
  const match = LINE.exec(text);
  if (match === null) return undefined;
  const [, received = "", elapsed = "", n = "", line = ""] = match;
  return { kind, n: Number(n), moment: parseMoment(received, elapsed), line };
}

function parseConnectionEntry(kind: "open" | "close", text: string): JournalEntry | undefined {
  const match = MOMENT.exec(text);
  if (match === null) return undefined;
  const [, received = "", elapsed = "", n = ""] = match;
  return { kind, n: Number(n), moment: parseMoment(received, elapsed) };
}

function parseBatchEntry(text: string): JournalEntry | undefined {
  const match = BATCH.exec(text);
  if (match === null) return undefined;
  const [, minute, id, channel = ""] = match;
  return { kind: "batch", id: Number(id), channel, minuteUs: fromSeconds(Number(minute)) };
}

function parseKeptEntry(text: string): JournalEntry | undefined {
  const match = KEPT.exec(text);
  if (match === null) return undefined;
  const [, minute, channel = "", line = ""] = match;
  return { kind: "kept", channel, minuteUs: fromSeconds(Number(minute)), line };
}

function parseMoment(received: string, elapsed: string): Moment {
  return { receivedUs: fromSeconds(Number(received)), elapsedUs: fromSeconds(Number(elapsed)) };
}

function parseCheckpoint(text: string): JournalEntry | undefined {
  if (!text.startsWith(JOURNAL_MAGIC)) return undefined;
  try {
    const checkpoint = parseJson(text.slice(JOURNAL_MAGIC.length));
    return isCheckpoint(checkpoint) ? { kind: "checkpoint", checkpoint } : undefined;
  } catch {
    return undefined; // Torn or foreign: the reader reports any line that is no entry.
  }
}

function isCheckpoint(value: unknown): value is Checkpoint {
  const { run, serverClock, clock, connections, listening } = (value ?? {}) as {
    [field: string]: unknown;
  };
  return typeof run === "string" && isTimestampOrNone(serverClock) &&
    (clock === undefined || isClockState(clock)) &&
    Array.isArray(connections) && connections.every(isConnection) &&
    (listening === undefined || isListeningState(listening));
}

function isConnection(value: unknown): value is CheckpointConnection {
  const { n, moment, last, unreadUs = 0, channels, confirmed = [] } = (value ?? {}) as {
    [field: string]: unknown;
  };
  return Number.isSafeInteger(n) && Number.isSafeInteger(unreadUs) &&
    areNumbers(moment, ["receivedUs", "elapsedUs"]) &&
    isTimestampOrNone(last) &&
    Array.isArray(channels) &&
    // They become folders. A journal may come from anywhere: it can be imported.
    channels.every((each) => typeof each === "string" && isChannelName(each)) &&
    Array.isArray(confirmed) && confirmed.every(isConfirmed);
}

function isConfirmed(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [channel, elapsedUs] = value as unknown[];
  return typeof channel === "string" && isChannelName(channel) && Number.isSafeInteger(elapsedUs);
}

function isClockState(value: unknown): boolean {
  const { last, limitUs, wallOffsetUs, wallOffsetMaxUs, doubted } = (value ?? {}) as {
    [field: string]: unknown;
  };
  return isTimestampOrNone(last) &&
    [limitUs, wallOffsetUs, wallOffsetMaxUs].every((us) =>
      us === undefined || Number.isSafeInteger(us)
    ) &&
    (doubted === undefined || isDoubted(doubted));
}

function isDoubted(value: unknown): boolean {
  const { timestamp } = (value ?? {}) as { [field: string]: unknown };
  return areNumbers(value, ["count"]) && areNumbers(timestamp, ["sentUs", "elapsedUs"]);
}

function isTimestampOrNone(value: unknown): boolean {
  return value === undefined || areNumbers(value, ["sentUs", "elapsedUs"]);
}

function areNumbers(value: unknown, fields: readonly string[]): boolean {
  const record = (value ?? {}) as { [field: string]: unknown };
  return fields.every((field) => Number.isSafeInteger(record[field]));
}
