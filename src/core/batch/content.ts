import {
  compareCodePoints,
  formatString,
  formatValue,
  isPlainText,
} from "../json/canonical_json.ts";
import { type IrcMessage, SENT_TAG } from "./message.ts";
import type { JsonValue } from "../json/json_value.ts";
import { type Micros, MILLISECOND_US, TIME_END_US } from "../time.ts";

/**
 * The content of a message, everything in it but `receivers`, `time` and `time_range`, as canonical
 * text: the parts of its line around those three. A line is
 * `a + receivers + b + time + c + timeRange + d`. No part holds a line feed.
 *
 * Two messages have the same content if and only if these parts are the same.
 */
export interface Content {
  /** From `{` to `"receivers":`. */
  readonly a: string;
  /** From after the receivers to `"time":`. */
  readonly b: string;
  /** From after the time to `"time_range":`. */
  readonly c: string;
  /** From after the range to `}`. */
  readonly d: string;
}

/** The text between time and range, unless an unknown field sorts there. */
const TIME_RANGE_KEY = `,"time_range":`;

/**
 * The content of a message that came from Twitch.
 *
 * @param options.isPlain the line it came in is plain (see `isPlainText`), so nothing in it needs
 * escaping: saves a check of every field.
 */
export function contentOf(message: IrcMessage, options?: { readonly isPlain: boolean }): Content {
  const { command, host, params, sender, tags, user } = message;
  const quote = options?.isPlain ? quotePlain : formatString;
  let list = "";
  for (let i = 0; i < params.length; i++) list += (i === 0 ? "" : ",") + quote(params[i]!);
  return {
    a: `{"command":${quote(command)},"host":${
      host === null ? "null" : quote(host)
    },"params":[${list}],"receivers":`,
    b: `,"sender":${sender === null ? "null" : quote(sender)},"tags":${
      formatTags(tags, quote)
    },"time":`,
    c: TIME_RANGE_KEY,
    d: `,"user":${user === null ? "null" : quote(user)}}`,
  };
}

function quotePlain(text: string): string {
  return `"${text}"`;
}

function formatTags(tags: IrcMessage["tags"], quote: (text: string) => string): string {
  if (tags === null) return "null";
  let text = "";
  let before = "";
  for (const key in tags) {
    // Twitch sends most tags in order. In plain keys order by unit is order by code point.
    const isInOrder = text === "" || (before < key && (quote === quotePlain || isPlainText(key)));
    if (!isInOrder) return formatValue(tags);
    text += `${text === "" ? "{" : ","}${quote(key)}:${quote(tags[key]!)}`;
    before = key;
  }
  return text === "" ? "{}" : `${text}}`;
}

const SIGHTING_FIELDS: ReadonlySet<string> = new Set(["receivers", "time", "time_range"]);

/**
 * The content of a message that may have unknown fields, as files can.
 *
 * @throws {RangeError} when an unknown field is not JSON, or nests too deep.
 */
export function contentOfFields(message: { readonly [field: string]: unknown }): Content {
  const pieces: string[] = [];
  let piece = "{";
  const keys = Object.keys(message).filter((key) => message[key] !== undefined);
  for (const [i, key] of keys.sort(compareCodePoints).entries()) {
    piece += `${i === 0 ? "" : ","}${formatString(key)}:`;
    if (SIGHTING_FIELDS.has(key)) {
      pieces.push(piece);
      piece = "";
    } else {
      // Tags and the like are checked where the message is made; here any JSON will do.
      piece += formatValue(message[key] as JsonValue);
    }
  }
  const [a = "", b = "", c = ""] = pieces;
  return { a, b, c, d: `${piece}}` };
}

/** One text for a whole content, different for different contents. */
export function contentKey({ a, b, c, d }: Content): string {
  return `${a}\n${b}\n${c}\n${d}`;
}

/** The content of which {@link contentKey} made `key`. */
export function contentOfKey(key: string): Content {
  const [a = "", b = "", c = "", d = ""] = key.split("\n");
  return { a, b, c, d };
}

/**
 * When Twitch says it sent a message with these tags, or `undefined` if it does not say, or says
 * something that is no time: such a message is ranged.
 */
export function sentUs(tags: IrcMessage["tags"]): Micros | undefined {
  if (tags === null || !Object.hasOwn(tags, SENT_TAG)) return undefined;
  return parseSent(tags[SENT_TAG]!);
}

/** Reads the value of a {@link SENT_TAG} tag: at most 13 digits, milliseconds since 1970. */
function parseSent(value: string): Micros | undefined {
  const length = value.length;
  if (length === 0 || length > 13) return undefined;
  let ms = 0;
  for (let i = 0; i < length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    ms = 10 * ms + digit;
  }
  const us = ms * MILLISECOND_US;
  return us < TIME_END_US ? us : undefined;
}
