import type { Micros } from "../../../core/time.ts";
import { SECOND_US } from "../../../core/time.ts";
import { momentOfDay, parseDay } from "../../ui/day.ts";
import { isoDay } from "../../ui/format.ts";
import type { Zone } from "../../ui/settings.ts";

/** Twitch keeps no broadcast that is longer than two days. */
const OFFSET_MAX_S = 99 * 3_600;

/**
 * Reads how far into a video a moment is, in microseconds: `1h02m03s` as Twitch writes it, also with parts left out or
 * inside the address of a video, `1:02:03`, or `62:03`; `undefined` if it is none.
 */
export function parseOffset(text: string): Micros | undefined {
  const typed = /[?&]t=([\dhms]+)/.exec(text)?.[1] ?? text.trim().toLowerCase();
  const match = /^(?=\d)(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?$/.exec(typed) ??
    /^(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2})$/.exec(typed);
  if (match === null) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const sum = hours * 3_600 + minutes * 60 + seconds;
  return sum <= OFFSET_MAX_S ? sum * SECOND_US : undefined;
}

/** `1h02m03s`. Before the video began it is below zero: `-0h00m05s`. */
export function formatOffset(offsetUs: Micros): string {
  const seconds = Math.floor(Math.abs(offsetUs) / SECOND_US);
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const sign = offsetUs < 0 && seconds > 0 ? "-" : "";
  return `${sign}${Math.floor(seconds / 3_600)}h${two(Math.floor(seconds / 60) % 60)}m${
    two(seconds % 60)
  }s`;
}

/**
 * Reads when a video began: a day and time, a time of the day that is shown or of the one before, or how far the
 * video is at the moment that is shown; `undefined` if it is none of these.
 */
export function parseVideoStart(
  text: string,
  { shownUs, dayUs, zone }: {
    readonly shownUs: Micros;
    /** When the day of `shownUs` starts. */
    readonly dayUs: Micros;
    readonly zone: Zone;
  },
): Micros | undefined {
  const typed = text.trim();
  const dated = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z?)$/i.exec(typed);
  if (dated !== null) {
    const [, day = "", clock = "", isUtc] = dated;
    const own = isUtc ? "utc" : zone;
    const fromUs = parseDay(day, own);
    // There is no 31st of June, and no month 13.
    const isDay = fromUs !== undefined && isoDay(fromUs, own) === day;
    return isDay ? momentOfDay(fromUs, clock, own) : undefined;
  }
  if (/[hms]/i.test(typed)) {
    const offsetUs = parseOffset(typed);
    return offsetUs === undefined ? undefined : Math.max(0, shownUs - offsetUs);
  }
  const today = momentOfDay(dayUs, typed, zone);
  if (today === undefined || today <= shownUs) return today;
  const before = parseDay(isoDay(dayUs - 1, zone), zone);
  return before === undefined ? today : momentOfDay(before, typed, zone);
}
