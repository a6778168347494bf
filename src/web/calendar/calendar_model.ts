import { HOUR_US, type Micros } from "../../core/time.ts";
import { isMissingHour } from "../timeline/silences.ts";
import type { HourFigures, Span } from "../reading/chat_archive.ts";
import { dayOf } from "../ui/day.ts";
import type { Zone } from "../ui/settings.ts";

/** What is known of one day of a channel. */
export interface CalendarDay extends Span {
  /** Messages, as far as they are counted. */
  readonly messages: number;
  /** Whether some hour of it has chat that is not counted. */
  readonly isUncounted: boolean;
  /** Seconds in which no receiver listened, within the time that the channel was recorded. */
  readonly missingS: number;
  /** Whether it has any chat or coverage. */
  readonly isRecorded: boolean;
}

/** A run of hours that have seconds in which no receiver listened. */
export interface HourGap extends Span {
  /** How many seconds of these hours no receiver listened in. */
  readonly missingS: number;
  /** How many messages these seconds would have had at the rate of the hours beside them; `undefined` if not known. */
  readonly likelyMissed: number | undefined;
}

/** A year of a channel. */
export interface CalendarYear {
  /** All days of the year, ascending. */
  readonly days: readonly CalendarDay[];
  /** Ascending. */
  readonly gaps: readonly HourGap[];
}

const HOUR_S = 3_600;

/** The days of a span, each from its midnight to the next by the clocks of `zone`. */
function daysWithin({ fromUs, untilUs }: Span, zone: Zone): Span[] {
  const days: Span[] = [];
  for (let at = fromUs; at < untilUs;) {
    const day = dayOf(at, zone);
    days.push(day);
    at = day.untilUs;
  }
  return days;
}

/**
 * What hours tell of a year. `recorded` is from the channel's first hour to its last: before and after, nothing
 * is missing. An hour counts for the day in which it starts.
 */
export function calendarYear(
  hours: ReadonlyMap<Micros, HourFigures>,
  { year, recorded, zone }: { readonly year: Span; readonly recorded: Span; readonly zone: Zone },
): CalendarYear {
  let firstToldUs: Micros | undefined;
  for (const { hourUs, listenedS } of hours.values()) {
    if (listenedS !== undefined) firstToldUs = Math.min(firstToldUs ?? hourUs, hourUs);
  }
  const missingOf = (hourUs: Micros): number => {
    // Recording begins and ends within an hour.
    const isInside = hourUs > recorded.fromUs && hourUs < recorded.untilUs - HOUR_US;
    const hour = hours.get(hourUs);
    const isBlank = hour === undefined && isMissingHour(hourUs, firstToldUs);
    return !isInside ? 0 : isBlank ? HOUR_S : HOUR_S - (hour?.listenedS ?? HOUR_S);
  };
  const days = daysWithin(year, zone).map((day): CalendarDay => {
    let [messages, missingS, isUncounted, isRecorded] = [0, 0, false, false];
    for (const hourUs of hoursWithin(day)) {
      const hour = hours.get(hourUs);
      missingS += missingOf(hourUs);
      if (hour === undefined) continue;
      isRecorded = true;
      messages += hour.messages ?? 0;
      isUncounted ||= hour.messages === undefined;
    }
    return { ...day, messages, missingS, isUncounted, isRecorded };
  });
  return { days, gaps: gapsOf(year, { hours, missingOf }) };
}

function* hoursWithin({ fromUs, untilUs }: Span): Generator<Micros> {
  for (let at = Math.ceil(fromUs / HOUR_US) * HOUR_US; at < untilUs; at += HOUR_US) yield at;
}

function gapsOf(
  year: Span,
  { hours, missingOf }: {
    readonly hours: ReadonlyMap<Micros, HourFigures>;
    readonly missingOf: (hourUs: Micros) => number;
  },
): HourGap[] {
  const runs: (Span & { missingS: number })[] = [];
  for (const hourUs of hoursWithin(year)) {
    const missingS = missingOf(hourUs);
    if (missingS < 1) continue;
    const last = runs.at(-1);
    if (last?.untilUs === hourUs) {
      runs[runs.length - 1] = {
        fromUs: last.fromUs,
        untilUs: hourUs + HOUR_US,
        missingS: last.missingS + missingS,
      };
    } else runs.push({ fromUs: hourUs, untilUs: hourUs + HOUR_US, missingS });
  }
  return runs.map((run) => ({ ...run, likelyMissed: likelyMissed(run, hours) }));
}

/** From the hours beside a gap and its own listened seconds: how much chat a second had. */
function likelyMissed(
  { fromUs, untilUs, missingS }: Span & { readonly missingS: number },
  hours: ReadonlyMap<Micros, HourFigures>,
): number | undefined {
  let [messages, listenedS] = [0, 0];
  for (const hourUs of hoursWithin({ fromUs: fromUs - HOUR_US, untilUs: untilUs + HOUR_US })) {
    const hour = hours.get(hourUs);
    if (hour?.messages === undefined || hour.listenedS === undefined) continue;
    messages += hour.messages;
    listenedS += hour.listenedS;
  }
  return listenedS === 0 ? undefined : Math.round(messages / listenedS * missingS);
}
