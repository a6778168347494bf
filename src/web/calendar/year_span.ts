import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { Zone } from "../ui/settings.ts";

/** The year that holds `timeUs` by the clocks of `zone`. */
export function yearAt(timeUs: Micros, zone: Zone): number {
  const date = new Date(Math.floor(timeUs / MILLISECOND_US));
  return zone === "utc" ? date.getUTCFullYear() : date.getFullYear();
}

/** A year from its first midnight to the next year's, by the clocks of `zone`. */
export function yearSpan(year: number, zone: Zone): Span {
  const start = (each: number): Micros =>
    Math.max(0, zone === "utc" ? Date.UTC(each, 0, 1) : new Date(each, 0, 1).getTime()) *
    MILLISECOND_US;
  return { fromUs: start(year), untilUs: start(year + 1) };
}

/** How many of these hours, which ascend, lie in each year from the first to the last. */
export function hoursByYear(
  hours: readonly Micros[],
  zone: Zone,
): (readonly [year: number, hours: number])[] {
  const first = hours[0];
  const last = hours.at(-1);
  if (first === undefined || last === undefined) return [];
  const found: (readonly [number, number])[] = [];
  let at = 0;
  for (let year = yearAt(first, zone); year <= yearAt(last, zone); year++) {
    const { untilUs } = yearSpan(year, zone);
    const from = at;
    while (at < hours.length && hours[at]! < untilUs) at++;
    found.push([year, at - from]);
  }
  return found;
}

/** The day of the week by the clocks of `zone`: 0 for Monday to 6 for Sunday. */
export function weekdayOf(timeUs: Micros, zone: Zone): number {
  const date = new Date(Math.floor(timeUs / MILLISECOND_US));
  return ((zone === "utc" ? date.getUTCDay() : date.getDay()) + 6) % 7;
}
