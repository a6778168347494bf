import { formatSeconds, formatString } from "../json/canonical_json.ts";
import { parseJson } from "../json/parse_json.ts";
import { fromSeconds, type Micros, TIME_END_US, toSeconds } from "../time.ts";

/**
 * An order to forget a message or a user.
 *
 * Its file is one line of canonical JSON with a line feed, of these fields:
 *
 * | field | |
 * |---|---|
 * | `id` | forget the message with this id … |
 * | `user-id` | … or the user with this id: one of the two stands there |
 * | `logins` | with `user-id`: names of the user or digests of them, in order, for messages that bear no user's id; may be missing |
 * | `before` | with `user-id`: only what is older than this, in seconds; may be missing |
 * | `made` | when the order was made, in seconds |
 * | `reason` | why, in words; may be empty |
 *
 * No other field may stand there: a reader that overlooks one could forget more than was asked.
 * `redactionMatcher` says what matches.
 */
export interface Redaction {
  /** The message or user to forget. */
  readonly target: RedactedMessage | RedactedUser;
  /** When the order was made, by the clock of the machine that made it. */
  readonly madeUs: Micros;
  /** Why, in words. */
  readonly reason: string;
}

/** The message with this id, and messages that quote it. */
export interface RedactedMessage {
  /** Tells it from a {@link RedactedUser}. */
  readonly kind: "message";
  /** The `id` tag of the message. */
  readonly id: string;
}

/** A user, with all messages by and about them. */
export interface RedactedUser {
  /** Tells it from a {@link RedactedMessage}. */
  readonly kind: "user";
  /** The `user-id` tag of the user's messages. */
  readonly userId: string;
  /**
   * The user's names, ascending, each once: JOIN, PART and CLEARMSG bear nothing else. Where a name itself
   * must not stand, its `loginDigest` stands in its place.
   */
  readonly logins: readonly string[];
  /** Only older messages are forgotten; all if `undefined`. */
  readonly beforeUs: Micros | undefined;
}

/** The result of parsing a redaction. */
export type ParsedRedaction =
  | { readonly ok: true; readonly redaction: Redaction }
  | { readonly ok: false; readonly reason: string };

/** A longer file is no redaction. */
export const REDACTION_MAX_BYTES: number = 64 * 1024;

const ID_MAX_LENGTH = 256;
const LOGINS_MAX = 256;
const UTF8_ENCODER = new TextEncoder();

/**
 * The bytes of a redaction's file. Undone by {@link parseRedaction}.
 *
 * @throws {RangeError} when it could not be parsed again: an id that is empty, a time that is
 * invalid, too long.
 */
export function encodeRedaction(redaction: Redaction): Uint8Array {
  const { target, madeUs } = redaction;
  const times = [madeUs, target.kind === "user" ? target.beforeUs ?? 0 : 0];
  if (!times.every((timeUs) => Number.isInteger(timeUs) && isTime(toSeconds(timeUs)))) {
    throw new RangeError("Cannot encode redaction: it has an invalid time");
  }
  const bytes = UTF8_ENCODER.encode(formatRedaction(redaction));
  const parsed = parseRedaction(bytes);
  if (!parsed.ok) throw new RangeError(`Cannot encode redaction: ${parsed.reason}`);
  return bytes;
}

function formatRedaction({ target, madeUs, reason }: Redaction): string {
  const pairs: string[] = [];
  if (target.kind === "message") {
    pairs.push(`"id":${formatString(target.id)}`);
  } else {
    if (target.beforeUs !== undefined) pairs.push(`"before":${formatSeconds(target.beforeUs)}`);
    if (target.logins.length > 0) {
      pairs.push(`"logins":[${target.logins.map(formatString).join(",")}]`);
    }
  }
  pairs.push(`"made":${formatSeconds(madeUs)}`, `"reason":${formatString(reason)}`);
  if (target.kind === "user") pairs.push(`"user-id":${formatString(target.userId)}`);
  return `{${pairs.join(",")}}\n`;
}

/** Reads the bytes of a redaction's file: only what {@link encodeRedaction} writes. Never throws. */
export function parseRedaction(bytes: Uint8Array): ParsedRedaction {
  if (bytes.length > REDACTION_MAX_BYTES) return fault(`longer than ${REDACTION_MAX_BYTES} bytes`);
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = parseJson(text);
  } catch {
    return fault("not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fault("not an object");
  }
  const parsed = readFields(value as Fields);
  // One order has one name: any other way to write it would be another file.
  return parsed.ok && formatRedaction(parsed.redaction) !== text ? fault("not canonical") : parsed;
}

type Fields = { readonly [field: string]: unknown };

const KNOWN: ReadonlySet<string> = new Set([
  "before",
  "id",
  "logins",
  "made",
  "reason",
  "user-id",
]);

function readFields(fields: Fields): ParsedRedaction {
  const unknown = Object.keys(fields).find((field) => !KNOWN.has(field));
  if (unknown !== undefined) return fault(`field ${formatString(unknown)} is unknown`);
  const { before, id, logins = [], made, reason, "user-id": userId } = fields;
  if (!isTime(made)) return fault(`"made" is not a time`);
  if (typeof reason !== "string") return fault(`"reason" is not a string`);
  const order = { madeUs: fromSeconds(made), reason };
  if (userId === undefined) {
    if (!isId(id)) return fault(`neither "id" nor "user-id" is there`);
    if (before !== undefined || fields["logins"] !== undefined) {
      return fault(`"before" or "logins" without "user-id"`);
    }
    return { ok: true, redaction: { target: { kind: "message", id }, ...order } };
  }
  if (!isId(userId)) return fault(`"user-id" is not an id`);
  if (id !== undefined) return fault(`both "id" and "user-id" are there`);
  if (before !== undefined && !isTime(before)) return fault(`"before" is not a time`);
  if (!areLogins(logins)) return fault(`"logins" is not a list of names in order`);
  const beforeUs = before === undefined ? undefined : fromSeconds(before);
  return { ok: true, redaction: { target: { kind: "user", userId, logins, beforeUs }, ...order } };
}

function fault(reason: string): ParsedRedaction {
  return { ok: false, reason };
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && fromSeconds(value) < TIME_END_US;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= ID_MAX_LENGTH;
}

function areLogins(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= LOGINS_MAX &&
    value.every((each, i) => isId(each) && (i === 0 || value[i - 1] < each));
}
