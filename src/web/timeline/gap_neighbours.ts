import { type Micros, MINUTE_US } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { MinuteSummary } from "../reading/minute_summary.ts";
import type { KnownMinutes } from "./silences.ts";

/** Who was there before and after a gap, and how much chat it likely had. */
export interface GapNeighbours {
  /** Receivers that heard the last chat before it, sorted; none if none is near. */
  readonly before: readonly string[];
  /** Receivers that heard the first chat after it, sorted. */
  readonly after: readonly string[];
  /** Messages it had if it was as busy as the minutes around it; `undefined` if none is known. */
  readonly likelyMissed: number | undefined;
}

/** How far from a gap chat still tells of it. */
const NEAR_MINUTES = 10;

/** What the known minutes around `gap` tell of it. */
export function gapNeighbours(
  known: Pick<KnownMinutes, "minute" | "isKnown">,
  { fromUs, untilUs }: Span,
): GapNeighbours {
  const before = near(known, { startUs: fromUs - MINUTE_US, stepUs: -MINUTE_US });
  const after = near(known, { startUs: untilUs, stepUs: MINUTE_US });
  const read = before.read + after.read;
  const perMinute = (before.messages + after.messages) / read;
  return {
    before: receiversOf(before.nearest),
    after: receiversOf(after.nearest),
    likelyMissed: read === 0 ? undefined : Math.round(perMinute * (untilUs - fromUs) / MINUTE_US),
  };
}

interface Side {
  readonly nearest: MinuteSummary | undefined;
  /** Minutes that were read. */
  readonly read: number;
  readonly messages: number;
}

function near(
  known: Pick<KnownMinutes, "minute" | "isKnown">,
  { startUs, stepUs }: { readonly startUs: Micros; readonly stepUs: Micros },
): Side {
  let nearest: MinuteSummary | undefined;
  let [read, messages] = [0, 0];
  for (let i = 0; i < NEAR_MINUTES; i++) {
    const at = startUs + i * stepUs;
    if (!known.isKnown(at)) continue;
    read++;
    const minute = known.minute(at);
    nearest ??= minute;
    messages += minute?.count ?? 0;
  }
  return { nearest, read, messages };
}

function receiversOf(minute: MinuteSummary | undefined): string[] {
  return (minute?.receivers ?? []).map(([receiver]) => receiver).sort();
}
