import { DAY_US, HOUR_US, type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { Zone } from "./settings.ts";

/** The calendar day that holds `timeUs`, from its midnight to the next, by the clocks of `zone`. */
export function dayOf(timeUs: Micros, zone: Zone): Span {
  if (zone === "utc") {
    const fromUs = timeUs - timeUs % DAY_US;
    return { fromUs, untilUs: fromUs + DAY_US };
  }
  const date = new Date(Math.floor(timeUs / MILLISECOND_US));
  const midnight = (days: number): Micros =>
    new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime() * MILLISECOND_US;
  return { fromUs: Math.max(0, midnight(0)), untilUs: midnight(1) };
}

/** Whether two moments lie on the same calendar day, by the clocks of `zone`. */
export function isSameDay(oneUs: Micros, otherUs: Micros, zone: Zone): boolean {
  if (oneUs === otherUs) return true;
  const { fromUs, untilUs } = dayOf(oneUs, zone);
  return otherUs >= fromUs && otherUs < untilUs;
}

/** The starts of the days that share time with these hours, which ascend; ascending, each once. */
export function daysOf(hours: readonly Micros[], zone: Zone): Micros[] {
  const days: Micros[] = [];
  let untilUs = -Infinity;
  for (const hourUs of hours) {
    // An hour of UTC lies in two days where the zone's midnight is not on an hour.
    for (const at of [hourUs, hourUs + HOUR_US - 1]) {
      if (at < untilUs) continue;
      const day = dayOf(at, zone);
      days.push(day.fromUs);
      untilUs = day.untilUs;
    }
  }
  return days;
}

/** A moment of the day that `text`, as 2026-08-01, names in `zone`; `undefined` if it names none. */
export function parseDay(text: string, zone: Zone): Micros | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  const ms = zone === "utc"
    ? Date.UTC(year, month - 1, day)
    : new Date(year, month - 1, day).getTime();
  return ms >= 0 ? ms * MILLISECOND_US : undefined;
}

/** The month that `text`, as 2026-08, names in `zone`; `undefined` if it names none. */
export function monthSpan(text: string, zone: Zone): Span | undefined {
  const match = /^(\d{4})-(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0] = match.slice(1).map(Number);
  if (month < 1 || month > 12 || year < 1970) return undefined;
  const [fromMs, untilMs] = [month - 1, month].map((each) =>
    zone === "utc" ? Date.UTC(year, each) : new Date(year, each).getTime()
  );
  return { fromUs: Math.max(0, fromMs! * MILLISECOND_US), untilUs: untilMs! * MILLISECOND_US };
}

/**
 * The moment of the day `dayUs` at which clocks of `zone` show `clock`, as `18:02:09`; `undefined` if
 * it is no time. Of an hour that clocks show twice it is the first.
 */
export function momentOfDay(dayUs: Micros, clock: string, zone: Zone): Micros | undefined {
  const match = /^(\d{1,2})[:.]?(\d\d)?(?:[:.]?(\d\d))?$/.exec(clock.trim());
  if (match === null) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  if (zone === "utc") {
    return dayUs + (hours * 3600 + minutes * 60 + seconds) * 1000 * MILLISECOND_US;
  }
  const day = new Date(dayUs / MILLISECOND_US);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate(), hours, minutes, seconds)
    .getTime() * MILLISECOND_US;
}
