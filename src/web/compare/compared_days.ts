import type { PeerHour } from "../../adapters/browser/node/json/compare_json.ts";
import type { Micros } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import { dayOf } from "../ui/day.ts";
import type { Zone } from "../ui/settings.ts";

/** What one side has that the other lacks, over some hours. */
export type DifferenceSums = Omit<PeerHour, "hourUs" | "minutesDiffering">;

/**
 * How a day is on this node and on a peer: something that only this node or only the peer has, otherwise different
 * files, the same files, no files on either, or not all compared yet.
 */
export type DayVerdict = "here" | "there" | "differs" | "same" | "empty" | "waiting";

/** Whether a day's files are not the same on both sides. */
export function isDifferent(verdict: DayVerdict | undefined): boolean {
  return verdict === "here" || verdict === "there" || verdict === "differs";
}

/** A day of a comparison. */
export interface ComparedDay {
  readonly verdict: DayVerdict;
  /** Of the hours that differ, as far as they are compared. */
  readonly sums: DifferenceSums;
}

/** A comparison as far as it came. */
export interface ComparedSoFar {
  /** Hours that differ, in any order. */
  readonly hours: readonly PeerHour[];
  /** All hours from this one on are compared. */
  readonly comparedFromUs: Micros;
}

/** How each of `days` compares, in their order. An hour counts for the day in which it starts. */
export function comparedDays(
  days: readonly (Span & { readonly isRecorded: boolean })[],
  { hours, comparedFromUs, zone }: ComparedSoFar & { readonly zone: Zone },
): ComparedDay[] {
  const byDay = new Map<Micros, PeerHour[]>();
  for (const hour of hours) {
    const dayUs = dayOf(hour.hourUs, zone).fromUs;
    const some = byDay.get(dayUs);
    if (some === undefined) byDay.set(dayUs, [hour]);
    else some.push(hour);
  }
  return days.map(({ fromUs, isRecorded }) => {
    const differing = byDay.get(fromUs) ?? [];
    const sums = sumOf(differing);
    if (differing.length > 0) return { verdict: verdictOf(sums), sums };
    if (fromUs < comparedFromUs) return { verdict: "waiting", sums };
    return { verdict: isRecorded ? "same" : "empty", sums };
  });
}

/** What hours that differ amount to. */
export function sumOf(hours: readonly DifferenceSums[]): DifferenceSums {
  const sum = (field: keyof DifferenceSums): number =>
    hours.reduce((all, hour) => all + hour[field], 0);
  return {
    minutesOnlyHere: sum("minutesOnlyHere"),
    minutesOnlyThere: sum("minutesOnlyThere"),
    messagesOnlyHere: sum("messagesOnlyHere"),
    messagesOnlyThere: sum("messagesOnlyThere"),
    uncountedFiles: sum("uncountedFiles"),
  };
}

function verdictOf(sums: DifferenceSums): DayVerdict {
  const isHere = sums.messagesOnlyHere > 0 || sums.minutesOnlyHere > 0;
  const isThere = sums.messagesOnlyThere > 0 || sums.minutesOnlyThere > 0;
  // What could not be counted may be on either side.
  if (isHere === isThere || sums.uncountedFiles > 0) return "differs";
  return isHere ? "here" : "there";
}
