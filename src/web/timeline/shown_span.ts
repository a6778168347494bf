import { DAY_US, HOUR_US, type Micros, MINUTE_US, minuteOf, SECOND_US } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import { dayOf } from "../ui/day.ts";
import type { Zone } from "../ui/settings.ts";
import type { KnownMinutes } from "./silences.ts";

/** The shortest span that a timeline shows. */
export const SPAN_MIN_US: number = 10 * SECOND_US;
/** The longest: two weeks of minutes. More would be years of work for the worker, and a blur for the eye. */
export const SPAN_MAX_US: number = 14 * DAY_US;
/** After this time all messages of a minute are stored, also where recorders are slow. */
export const LIVE_LAG_US: number = 4 * MINUTE_US;

/** The inputs that decide which span a timeline shows. */
export interface ShownSpanOptions {
  /** The start in the address, or a moment of the requested day. */
  readonly atUs: Micros | undefined;
  /** The end in the address. */
  readonly untilUs: Micros | undefined;
  /** Whether a node is read: then less is shown at first. */
  readonly isNode: boolean;
  readonly nowUs: Micros;
  /** Whose days are shown. */
  readonly zone: Zone;
}

/**
 * The span in the address, or else the last of what `channel` has; never more than
 * {@link SPAN_MAX_US}.
 */
export function shownSpan(
  channel: Span,
  { atUs, untilUs, isNode, nowUs, zone }: ShownSpanOptions,
): Span {
  if (atUs !== undefined && untilUs !== undefined && untilUs - atUs >= SPAN_MIN_US) {
    return { fromUs: Math.max(atUs, untilUs - SPAN_MAX_US), untilUs };
  }
  if (atUs !== undefined) return dayOf(atUs, zone);
  // The last hour is not over while it is recorded.
  const lastUs = Math.max(channel.fromUs + HOUR_US, Math.min(channel.untilUs, nowUs));
  const longestUs = isNode ? 3 * HOUR_US : 2 * DAY_US;
  return { fromUs: Math.max(channel.fromUs, lastUs - longestUs), untilUs: lastUs };
}

/**
 * All of a channel's time from its first minute with a message to its last, as far as minutes of its
 * first and last hour are known to hold none: files tell hours, and recording begins and ends within
 * one. Minutes that were not read are kept.
 */
export function heldSpan(span: Span, known: KnownMinutes): Span {
  let { fromUs, untilUs } = span;
  const isEmpty = (at: Micros): boolean => known.minute(at) === undefined && known.isKnown(at);
  for (let i = 0; i < 60 && isEmpty(minuteOf(fromUs)); i++) fromUs += MINUTE_US;
  for (let i = 0; i < 60 && isEmpty(minuteOf(untilUs - 1)); i++) untilUs -= MINUTE_US;
  return fromUs < untilUs ? { fromUs, untilUs } : span;
}
