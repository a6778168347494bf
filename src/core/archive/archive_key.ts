import { fromDigestText, isDigestText, toDigestText } from "./digest_text.ts";
import { Lru } from "../lru.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US, TIME_END_US } from "../time.ts";

/**
 * Names a file of an archive, relative to the archive, with `/` between the parts and always with
 * the colon, whatever the disk can store: `forsen/chat/2026-08-01T12/34:00-….json`.
 */
export type ArchiveKey = string;

/** The parts of an {@link ArchiveKey}. `digest` is the SHA-256 of the file's bytes: 32 bytes. */
export type ArchiveKeyParts =
  | {
    /** A batch, or a tombstone that hides the batch of that name. */
    readonly kind: "batch" | "tombstone";
    readonly channel: string;
    /** Start of the batch's minute. */
    readonly minuteUs: Micros;
    readonly digest: Uint8Array;
  }
  | {
    /** A redaction: an order to forget a message or a user. */
    readonly kind: "redaction";
    readonly channel: string;
    readonly digest: Uint8Array;
  }
  | {
    /** When receivers listened, in an hour. */
    readonly kind: "coverage";
    readonly channel: string;
    /** Start of that hour. */
    readonly hourUs: Micros;
    readonly digest: Uint8Array;
  };

// Twitch's names are [a-z0-9_]; a hyphen is let in for archives of other places. Lower case only,
// so that two channels never meet in one folder on a disk that does not tell case apart.
const CHANNEL = /^[a-z0-9_][a-z0-9_-]{0,63}$/;

const CHANNEL_PART = "([a-z0-9_][a-z0-9_-]{0,63})";
const HOUR_PART = "(\\d{4}-\\d\\d-\\d\\dT\\d\\d)";
const HASH_PART = "([A-Za-z0-9_-]{43})";

// Files that only chatloom reads lie beside `chat`: software that shares the archive walks
// `chat` and stops at a name that is no hour or no batch. A leading period hides it from listings.
const ROOM = ".chatloom";

const BATCH = new RegExp(
  `^${CHANNEL_PART}/chat/${HOUR_PART}/(\\d\\d):00-${HASH_PART}\\.(json|tombstone)$`,
);
const REDACTION = new RegExp(`^${CHANNEL_PART}/\\.chatloom/redactions/${HASH_PART}\\.json$`);
const COVERAGE = new RegExp(
  `^${CHANNEL_PART}/\\.chatloom/coverage/${HOUR_PART}/${HASH_PART}\\.json$`,
);

/** Whether `text` can be a channel's folder: a Twitch login, in lower case, without `#`. */
export function isChannelName(text: string): boolean {
  return CHANNEL.test(text);
}

// Calendars are slow, and keys come hour by hour.
const HOURS_KEPT_MAX = 64;
const hourNames = new Lru<Micros, string>({ countMax: HOURS_KEPT_MAX });
const hourTimes = new Lru<string, Micros>({ countMax: HOURS_KEPT_MAX });

/** The name of the folder that holds the hour of `timeUs`: `2026-08-01T12`. */
export function formatHour(timeUs: Micros): string {
  const hourUs = hourOf(timeUs);
  let name = hourNames.get(hourUs);
  if (name === undefined) {
    name = new Date(hourUs / 1000).toISOString().slice(0, 13);
    hourNames.set(hourUs, name);
  }
  return name;
}

/** The start of the hour that a folder is named after, or `undefined` if it is not such a name. */
export function parseHour(text: string): Micros | undefined {
  const known = hourTimes.get(text);
  if (known !== undefined) return known;
  const hourUs = readHour(text);
  if (hourUs !== undefined) hourTimes.set(text, hourUs);
  return hourUs;
}

function readHour(text: string): Micros | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d$/.test(text)) return undefined;
  const hourUs = Date.parse(`${text}:00:00.000Z`) * 1000;
  if (!(hourUs >= 0 && hourUs < TIME_END_US)) return undefined;
  return formatHour(hourUs) === text ? hourUs : undefined; // 02-30 would roll over to March.
}

/** Writes a key as text. Undoes {@link parseArchiveKey}. */
export function formatArchiveKey(parts: ArchiveKeyParts): ArchiveKey {
  const hash = toDigestText(parts.digest);
  switch (parts.kind) {
    case "redaction":
      return `${redactionPrefix(parts.channel)}${hash}.json`;
    case "coverage":
      return `${coveragePrefix(parts.channel, parts.hourUs)}${hash}.json`;
    case "batch":
      return `${minutePrefix(parts.channel, parts.minuteUs)}${hash}.json`;
    case "tombstone":
      return `${minutePrefix(parts.channel, parts.minuteUs)}${hash}.tombstone`;
  }
}

/** Reads a key, or returns `undefined` if `text` names nothing that belongs in an archive. */
export function parseArchiveKey(text: string): ArchiveKeyParts | undefined {
  return parseBatchKey(text) ?? parseRedactionKey(text) ?? parseCoverageKey(text);
}

function parseBatchKey(text: string): ArchiveKeyParts | undefined {
  const [, channel = "", hour = "", minute = "", hash = "", extension] = BATCH.exec(text) ?? [];
  const hourUs = parseHour(hour);
  if (hourUs === undefined || Number(minute) > 59 || !isDigestText(hash)) return undefined;
  return {
    kind: extension === "json" ? "batch" : "tombstone",
    channel,
    minuteUs: hourUs + Number(minute) * MINUTE_US,
    get digest() {
      return fromDigestText(hash); // Nearly all who list keys do without.
    },
  };
}

function parseRedactionKey(text: string): ArchiveKeyParts | undefined {
  const [, channel = "", hash = ""] = REDACTION.exec(text) ?? [];
  if (!isDigestText(hash)) return undefined;
  return { kind: "redaction", channel, digest: fromDigestText(hash) };
}

function parseCoverageKey(text: string): ArchiveKeyParts | undefined {
  const [, channel = "", hour = "", hash = ""] = COVERAGE.exec(text) ?? [];
  const hourUs = parseHour(hour);
  if (hourUs === undefined || !isDigestText(hash)) return undefined;
  return { kind: "coverage", channel, hourUs, digest: fromDigestText(hash) };
}

/** What the keys of a channel's redactions and coverage start with: `forsen/.chatloom/`. */
export function roomPrefix(channel: string): string {
  return `${channel}/${ROOM}/`;
}

/** The folder whose folders are the hours of a channel's chat: `forsen/chat`. */
export function chatFolder(channel: string): string {
  return `${channel}/chat`;
}

/** The folder whose folders are the hours of a channel's coverage: `forsen/.chatloom/coverage`. */
export function coverageFolder(channel: string): string {
  return `${channel}/${ROOM}/coverage`;
}

/** The folder of a channel's redactions: `forsen/.chatloom/redactions`. */
export function redactionFolder(channel: string): string {
  return `${channel}/${ROOM}/redactions`;
}

/** What the keys of a channel's redactions start with: `forsen/.chatloom/redactions/`. */
export function redactionPrefix(channel: string): string {
  return `${redactionFolder(channel)}/`;
}

/** What the keys of an hour's batches and tombstones start with: `forsen/chat/2026-08-01T12/`. */
export function hourPrefix(channel: string, timeUs: Micros): string {
  return `${chatFolder(channel)}/${formatHour(timeUs)}/`;
}

/**
 * What the keys of the coverage of one hour of a channel start with:
 * `forsen/.chatloom/coverage/2026-08-01T12/`.
 */
export function coveragePrefix(channel: string, timeUs: Micros): string {
  return `${coverageFolder(channel)}/${formatHour(timeUs)}/`;
}

/** What the keys of all files of one minute of a channel start with. */
export function minutePrefix(channel: string, timeUs: Micros): string {
  const minute = Math.floor(timeUs % HOUR_US / MINUTE_US);
  return `${hourPrefix(channel, timeUs)}${String(minute).padStart(2, "0")}:00-`;
}

/**
 * The key of the batch of `channel` for the minute that holds `timeUs`, whose bytes have `digest`.
 *
 * @example
 * ```ts
 * import { batchKey } from "@chatloom/chatloom";
 *
 * const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array()));
 * const key = batchKey("forsen", { timeUs: 1785587645_000_000, digest });
 * ```
 * @throws {RangeError} when `channel` is no channel name, `timeUs` no time or `digest` not 32 bytes.
 */
export function batchKey(
  channel: string,
  { timeUs, digest }: { readonly timeUs: Micros; readonly digest: Uint8Array },
): ArchiveKey {
  if (!isChannelName(channel)) throw new RangeError(`Cannot name a batch of "${channel}"`);
  if (!(Number.isInteger(timeUs) && timeUs >= 0 && timeUs < TIME_END_US)) {
    throw new RangeError(`Cannot name a batch at ${timeUs} µs`);
  }
  return formatArchiveKey({ kind: "batch", channel, minuteUs: timeUs, digest });
}
