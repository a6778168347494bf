import { fromDigestText, isDigestText, toDigestText } from "../archive/digest_text.ts";
import { type ArchiveKey, isChannelName, parseArchiveKey } from "../archive/archive_key.ts";
import { formatString, formatValue } from "../json/canonical_json.ts";
import type { JsonValue } from "../json/json_value.ts";
import { parseJson } from "../json/parse_json.ts";
import { DAY_US, fromSeconds, type Micros, MINUTE_US, TIME_END_US, toSeconds } from "../time.ts";
import { formatLineMark, type LineMark, parseLineMark } from "./line_mark.ts";

/** One line of a manifest but the last: a file, or the marks of a minute's messages. */
export type ManifestEntry =
  | { readonly kind: "file"; readonly key: ArchiveKey }
  | { readonly kind: "minute"; readonly minuteUs: Micros; readonly marks: readonly LineMark[] };

/** The last line of a manifest without its signature, which is made over its bytes. */
export interface ManifestHead {
  /** The channel. */
  readonly channel: string;
  /** The start of the day, in UTC. */
  readonly dayUs: Micros;
  /** When it was made, by the clock of the machine that made it. */
  readonly madeUs: Micros;
  /** How many lines stand before. */
  readonly entryCount: number;
  /** The root of the Merkle tree of these lines (RFC 6962), without their line feeds: 32 bytes. */
  readonly root: Uint8Array;
  /** What the marks are made with: 32 bytes. */
  readonly salt: Uint8Array;
  /** The Ed25519 key that signs: 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A head with its signature: 64 bytes. */
export interface SignedHead {
  readonly head: ManifestHead;
  readonly signature: Uint8Array;
}

const FORMAT = "chatloom manifest 1";

/** The canonical JSON of an entry, without a line feed. */
export function formatEntry(entry: ManifestEntry): string {
  if (entry.kind === "file") return `{"file":${formatString(entry.key)}}`;
  const marks = entry.marks.map((mark) => `"${formatLineMark(mark)}"`).join(",");
  return `{"messages":[${marks}],"minute":${formatString(formatMinute(entry.minuteUs))}}`;
}

/** Reads an entry; `undefined` if the text is none. */
export function parseEntry(text: string): ManifestEntry | undefined {
  const fields = objectOf(text);
  const { file, minute, messages } = fields ?? {};
  if (typeof file === "string") {
    return parseArchiveKey(file) === undefined ? undefined : { kind: "file", key: file };
  }
  if (typeof minute !== "string" || !Array.isArray(messages)) return undefined;
  const minuteUs = Date.parse(`${minute}:00.000Z`) * 1000;
  if (!isMinute(minuteUs) || formatMinute(minuteUs) !== minute) return undefined;
  const marks: LineMark[] = [];
  for (const each of messages) {
    const mark = typeof each === "string" ? parseLineMark(each) : undefined;
    if (mark === undefined) return undefined;
    marks.push(mark);
  }
  return { kind: "minute", minuteUs, marks };
}

/** The bytes that are signed: the canonical JSON of the head. */
export function signedText(head: ManifestHead): string {
  return formatValue(headFields(head));
}

/** The last line of a manifest, without a line feed. Undone by {@link parseHead}. */
export function formatHead({ head, signature }: SignedHead): string {
  return formatValue({ ...headFields(head), signature: toBase64Url(signature) });
}

function headFields(head: ManifestHead): { [field: string]: JsonValue } {
  const { channel, dayUs, madeUs, entryCount, root, salt, publicKey } = head;
  return {
    channel,
    day: formatDay(dayUs),
    entries: entryCount,
    format: FORMAT,
    made: toSeconds(madeUs),
    public_key: toDigestText(publicKey),
    root: toDigestText(root),
    salt: toDigestText(salt),
  };
}

/** Reads the last line of a manifest; `undefined` if the text is none. Does not check the signature. */
export function parseHead(text: string): SignedHead | undefined {
  const fields = objectOf(text);
  if (fields?.["format"] !== FORMAT) return undefined;
  const { channel, day, entries, made, public_key: key, root, salt, signature } = fields;
  if (typeof channel !== "string" || !isChannelName(channel) || typeof day !== "string") {
    return undefined;
  }
  const dayUs = parseDay(day);
  if (dayUs === undefined || !Number.isSafeInteger(entries) || typeof made !== "number") {
    return undefined;
  }
  const digests = [key, root, salt].map((each) =>
    typeof each === "string" && isDigestText(each) ? fromDigestText(each) : undefined
  );
  const [publicKey, rootBytes, saltBytes] = digests;
  const signed = typeof signature === "string" ? fromBase64Url(signature) : undefined;
  if (publicKey === undefined || rootBytes === undefined || saltBytes === undefined) {
    return undefined;
  }
  if (signed?.length !== 64) return undefined;
  const head: ManifestHead = {
    channel,
    dayUs,
    madeUs: fromSeconds(made),
    entryCount: entries as number,
    root: rootBytes,
    salt: saltBytes,
    publicKey,
  };
  // The signature is over what is written anew, so no other text may pass for it.
  return formatHead({ head, signature: signed }) === text ? { head, signature: signed } : undefined;
}

interface Fields {
  readonly [field: string]: unknown;
}

function objectOf(text: string): Fields | undefined {
  try {
    const value = parseJson(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? value as Fields : undefined;
  } catch {
    return undefined;
  }
}

/** A day as `2026-08-01`. */
export function formatDay(dayUs: Micros): string {
  return new Date(dayUs / 1000).toISOString().slice(0, 10);
}

/** The start of a day that is written as `2026-08-01`; `undefined` for any other text. */
export function parseDay(text: string): Micros | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const dayUs = Date.parse(`${text}T00:00:00.000Z`) * 1000;
  if (!isMinute(dayUs) || dayUs % DAY_US !== 0) return undefined;
  return formatDay(dayUs) === text ? dayUs : undefined; // 02-30 would roll over to March.
}

function formatMinute(minuteUs: Micros): string {
  return new Date(minuteUs / 1000).toISOString().slice(0, 16);
}

function isMinute(us: number): boolean {
  return us >= 0 && us < TIME_END_US && us % MINUTE_US === 0;
}

function toBase64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(bytes, (letter) => letter.charCodeAt(0));
}
