import { isCommandOfTwitch } from "../../core/irc/known_commands.ts";
import { type ParsedLine, parseIrcLine } from "../../core/irc/irc_line.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import { type Micros, MILLISECOND_US, SECOND_US, TIME_END_US } from "../../core/time.ts";

/** A line of a capture: what came, and when it was received if the capture says so. */
export interface CaptureLine {
  readonly line: string;
  readonly parsed: ParsedLine;
  /** By the clock of the machine that captured it. */
  readonly receivedUs: Micros | undefined;
}

/**
 * Reads a line of a capture: a line of IRC, with or without something in front of it. That is a
 * received time (seconds, milliseconds, microseconds or nanoseconds since 1970, or a date and time of
 * UTC or with an offset), or any other text of a logger, which is skipped. The tag
 * `rm-received-ts` of services that replay recent messages is a received time too.
 */
export function parseCaptureLine(text: string): CaptureLine {
  const front = frontLength(text);
  const line = text.slice(front, text.endsWith("\r") ? -1 : undefined);
  const parsed = parseIrcLine(line);
  const receivedUs = front === 0 ? undefined : receivedTime(text.slice(0, front));
  const replayedUs = parsed.ok ? replayedTime(parsed.message.tags) : undefined;
  return { line, parsed, receivedUs: receivedUs ?? replayedUs };
}

/** No logger writes a longer prefix. */
const FRONT_MAX = 160;

/** The length of the text in front of the line of IRC. */
function frontLength(text: string): number {
  const first = text.charCodeAt(0);
  // Lines of IRC as servers send them begin with @ or a colon: the usual case, at no cost.
  if (first === 0x40 || first === 0x3a) return 0;
  const time = TIME_IN_FRONT.exec(text)?.[0].length ?? 0;
  if (time > 0 && isLine(text.slice(time))) return time;
  if (isLine(text)) return 0;
  const head = text.slice(0, FRONT_MAX);
  for (const { index } of head.matchAll(/[\s"'<>|,\]](?=[@:])/g)) {
    if (isLine(text.slice(index + 1))) return index + 1;
  }
  return time;
}

function isLine(text: string): boolean {
  const parsed = parseIrcLine(text);
  return parsed.ok && isCommandOfTwitch(parsed.message.command);
}

const NUMBER = /(?:\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})(?:[.,]\d+)?/;
const DATE =
  /(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|[+-]\d\d:?\d\d|[+-]\d\d(?!\d)))?/;
const TIME_IN_FRONT = new RegExp(
  `^\\s*[[(]?(?:${NUMBER.source}|${DATE.source}|\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?)[\\])]?[:,]?\\s+`,
);
const NUMBER_IN_FRONT = new RegExp(`^\\s*[[(]?(${NUMBER.source})[\\])]?[:,]?\\s`);

function receivedTime(front: string): Micros | undefined {
  const number = NUMBER_IN_FRONT.exec(front)?.[1];
  const us = number === undefined ? dateTime(front) : numberTime(number);
  return us !== undefined && us >= 0 && us < TIME_END_US ? us : undefined;
}

/** Seconds have 9 or 10 digits, and each finer unit three more. */
function numberTime(number: string): Micros {
  const [whole = "", fraction = ""] = number.split(/[.,]/);
  const finer = Math.ceil((whole.length - 10) / 3);
  const digits = whole + fraction.padEnd(9, "0").slice(0, 9);
  // As text, since nanoseconds do not fit into a number.
  const inUs = digits.slice(0, digits.length - 9 - 3 * finer + 6);
  return Number(inUs);
}

function dateTime(front: string): Micros | undefined {
  const match = DATE.exec(front);
  if (match === null) return undefined;
  const [, year, month, day, time, fraction = "", zone = "Z"] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${time}${toIsoZone(zone)}`);
  return Number.isNaN(ms) ? undefined : ms * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

function toIsoZone(zone: string): string {
  if (zone === "Z" || zone === "UTC") return "Z";
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

/** The tag in which services that replay recent messages give the received time, in milliseconds. */
const REPLAYED_TAG = "rm-received-ts";

function replayedTime(tags: IrcMessage["tags"]): Micros | undefined {
  if (tags === null || !Object.hasOwn(tags, REPLAYED_TAG)) return undefined;
  const value = tags[REPLAYED_TAG]!;
  if (!/^\d{1,13}$/.test(value)) return undefined;
  const us = Number(value) * MILLISECOND_US;
  return us >= SECOND_US && us < TIME_END_US ? us : undefined;
}
