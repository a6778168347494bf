import type { Micros } from "../../core/time.ts";
import { type Counting, countingIn } from "../words/counting/counting.ts";
import type { Words } from "../words/english.ts";
import { words } from "../words/words.ts";
import type { Zone } from "./settings.ts";

/** What is counted: a noun of the catalogue. */
export type Noun = keyof Words["nouns"];

/** `1234567` as `1,234,567`. */
export function formatCount(count: number): string {
  return counting().count(count);
}

/** A count with its noun: `1 message`, `2 messages`. */
export function formatCounted(count: number, noun: Noun): string {
  return counting().counted(count, words.value.nouns[noun]);
}

/** A part of a whole: `99.5 %`. */
export function formatPercent(percent: number): string {
  return `${counting().decimal(percent, 1)} %`;
}

let latest: { readonly tag: string; readonly counting: Counting } | undefined;

/** Counting in the page's language; making its formats anew for each number would be slow. */
function counting(): Counting {
  const { tag } = words.value;
  if (latest?.tag !== tag) latest = { tag, counting: countingIn(tag) };
  return latest.counting;
}

/** Bytes in readable form: `12.3 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${counting().decimal(value, value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** A length of time in readable form: `850 ms`, `12.3 s`, `2 min 5 s`. */
export function formatMilliseconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${counting().decimal(ms / 1000, 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round(ms % 60_000 / 1000)} s`;
}

/** `2019-09-15 00:01`, of the day and minute that hold `timeUs`. */
export function formatMinute(timeUs: Micros, zone: Zone): string {
  return `${formatDay(timeUs, zone)} ${formatClock(timeUs, zone).slice(0, 5)}`;
}

/** A day as the language writes it: `2019-09-15`, `15.09.2019`. */
export function formatDay(timeUs: Micros, zone: Zone): string {
  const { dayTag } = words.value;
  if (dayTag === ISO_TAG) return isoDay(timeUs, zone);
  if (days?.tag !== dayTag) days = { tag: dayTag, format: new Intl.DateTimeFormat(dayTag, DAY) };
  return days.format.format(shifted(timeUs, zone));
}

// English days are those of ISO. To make a formatter takes milliseconds, which the first view need not wait for.
const ISO_TAG = "en-CA";
const DAY = { year: "numeric", month: "2-digit", day: "2-digit", timeZone: "UTC" } as const;
let days: { readonly tag: string; readonly format: Intl.DateTimeFormat } | undefined;

/** The month that holds `timeUs`, in short: `Aug`. */
export function formatMonth(timeUs: Micros, zone: Zone): string {
  const options = { month: "short", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(words.value.tag, options).format(shifted(timeUs, zone));
}

/** The days of the week from Monday on, in short: `Mon`. */
export function weekdayNames(): string[] {
  const format = new Intl.DateTimeFormat(words.value.tag, { weekday: "short", timeZone: "UTC" });
  const mondayMs = Date.UTC(2024, 0, 1);
  return Array.from({ length: 7 }, (_, day) => format.format(mondayMs + day * DAY_MS));
}

const DAY_MS = 86_400_000;

/** `2019-09-15` in every language: for names of files, addresses and the browser's fields. */
export function isoDay(timeUs: Micros, zone: Zone): string {
  return shifted(timeUs, zone).toISOString().slice(0, 10);
}

/** `00:01:23.456`. */
export function formatClock(timeUs: Micros, zone: Zone): string {
  return shifted(timeUs, zone).toISOString().slice(11, 23);
}

/** `00:01:23`. */
export function formatTime(timeUs: Micros, zone: Zone): string {
  return formatClock(timeUs, zone).slice(0, 8);
}

/** A date whose UTC fields are those of the zone. */
function shifted(timeUs: Micros, zone: Zone): Date {
  const date = new Date(Math.floor(timeUs / 1000));
  if (zone === "utc") return date;
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
}

/** `UTC`, or the local zone with its distance from UTC at `timeUs`: `UTC−7`, `UTC+5:30`. */
export function formatZone(timeUs: Micros, zone: Zone): string {
  if (zone === "utc") return "UTC";
  const minutes = -new Date(Math.floor(timeUs / 1000)).getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const past = rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`;
  return `UTC${minutes < 0 ? "\u2212" : "+"}${hours}${past}`;
}

const LENGTHS: readonly (readonly [seconds: number, noun: Noun])[] = [
  [7 * 86_400, "week"],
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** A length of time in words, with the largest unit that is exact: `2 weeks`, `10 minutes`, `90 seconds`. */
export function formatLength(seconds: number): string {
  const [unit, noun] = LENGTHS.find(([unit]) => seconds >= unit && seconds % unit === 0) ??
    [1, "second"];
  return formatCounted(seconds / unit, noun);
}
