import { HOUR_US, hourOf, type Micros, MINUTE_US, minuteOf } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { MinuteSummary } from "../reading/minute_summary.ts";

/** The known facts about a channel's minutes. */
export interface KnownMinutes {
  /** The summary of a minute, if it was read and holds anything. */
  minute(minuteUs: Micros): MinuteSummary | undefined;
  /** Whether a minute was read, with or without messages. */
  isKnown(minuteUs: Micros): boolean;
  /** Seconds of a minute in which a receiver is known to have listened; `undefined` if not asked. */
  listenedS(minuteUs: Micros): number | undefined;
  /** Whether there is coverage of an hour. */
  isCovered(hourUs: Micros): boolean;
  /** Whether the channel has files of chat of an hour. */
  hasFiles(hourUs: Micros): boolean;
}

/** A run of minutes without a message in which no receiver is known to have listened. */
export interface Silence extends Span {
  /**
   * `unrecorded`: no recorder listened. The coverage that recorders wrote leaves this time out.
   * `unknown`: there is no coverage, so chat may have been silent.
   */
  readonly kind: "unrecorded" | "unknown";
}

/**
 * Whether an hour without chat and without coverage was not recorded. Recorders that write coverage do so in every
 * hour, also in silent ones. Before the first of it, chat may have been silent, or it was imported.
 *
 * @param firstToldUs The first hour that is known to have coverage; `undefined` if none is.
 */
export function isMissingHour(hourUs: Micros, firstToldUs: Micros | undefined): boolean {
  return firstToldUs !== undefined && hourUs > firstToldUs;
}

/**
 * The runs of minutes in `span` without a message, in order, but for those in which a receiver
 * listened: there, chat was silent. Minutes that are not known are left out.
 */
export function silencesOf(known: KnownMinutes, { fromUs, untilUs }: Span): Silence[] {
  let firstToldUs: Micros | undefined;
  for (let hourUs = hourOf(fromUs); hourUs < untilUs; hourUs += HOUR_US) {
    if (firstToldUs === undefined && known.isCovered(hourUs)) firstToldUs = hourUs;
  }
  const silences: Silence[] = [];
  for (let at = minuteOf(fromUs); at < untilUs; at += MINUTE_US) {
    const kind = kindOf(known, at, firstToldUs);
    if (kind === undefined) continue;
    const last = silences.at(-1);
    const isNext = last !== undefined && last.kind === kind && last.untilUs === at;
    const run = isNext ? { ...last, untilUs: at + MINUTE_US } : {
      kind,
      fromUs: at,
      untilUs: at + MINUTE_US,
    };
    if (isNext) silences.pop();
    silences.push(run);
  }
  return silences;
}

function kindOf(
  known: KnownMinutes,
  minuteUs: Micros,
  firstToldUs: Micros | undefined,
): Silence["kind"] | undefined {
  if (known.minute(minuteUs) !== undefined || !known.isKnown(minuteUs)) return undefined;
  const listenedS = known.listenedS(minuteUs);
  if (listenedS === undefined) return undefined; // Asked for when the chat has been read.
  if (listenedS > 0) return undefined;
  const hourUs = hourOf(minuteUs);
  if (known.isCovered(hourUs)) return "unrecorded";
  const isBlank = !known.hasFiles(hourUs);
  return isBlank && isMissingHour(hourUs, firstToldUs) ? "unrecorded" : "unknown";
}
