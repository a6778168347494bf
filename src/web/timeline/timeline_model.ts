import { type Micros, MINUTE_US, minuteOf, SECOND_US } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import { RECEIVERS_TOLD_APART } from "../reading/minute_summary.ts";
import { type Silence, silencesOf } from "./silences.ts";
import type { TimelineData } from "./timeline_data.ts";

/** What a timeline draws. */
export interface TimelineModel {
  readonly span: Span;
  /** How long each bar is. */
  readonly stepUs: Micros;
  /** Starts of the bars, ascending. */
  readonly times: readonly Micros[];
  /** Messages a minute in each bar, by receivers: `[0]` are those that one receiver saw. */
  readonly counts: readonly (readonly number[])[];
  /** Where there is no message between the first and the last, unless a receiver listened. */
  readonly silences: readonly Silence[];
  readonly rows: readonly ReceiverRow[];
  readonly messages: number;
  /** Messages that only one receiver saw. */
  readonly single: number;
}

/** The row of one receiver. */
export interface ReceiverRow {
  readonly receiver: string;
  readonly messages: number;
  /** For each bar: what part of its messages it got, 0 to 1. */
  readonly shares: readonly number[];
}

/** Shorter spans are drawn by the second. */
export const SECONDS_SPAN_US: number = 20 * MINUTE_US;

const BARS_MAX = 1_200;
const LANES_MAX = 24;

/**
 * Adds up what is known of `span` for drawing. `recorded` is from the first message to the last:
 * silence before and after is not marked.
 */
export function timelineModel(data: TimelineData, span: Span, recorded: Span): TimelineModel {
  const isFine = span.untilUs - span.fromUs <= SECONDS_SPAN_US;
  const stepUs = isFine ? SECOND_US : stepOf(span);
  const fromUs = span.fromUs - span.fromUs % stepUs;
  const barCount = Math.max(1, Math.ceil((span.untilUs - fromUs) / stepUs));
  const times = Array.from({ length: barCount }, (_, i) => fromUs + i * stepUs);
  const counts = times.map(() => new Array<number>(RECEIVERS_TOLD_APART).fill(0));
  const rows = new Map<string, { messages: number; heard: number[]; of: number[] }>();
  let [messages, single] = [0, 0];
  for (let at = minuteOf(fromUs); at < span.untilUs; at += MINUTE_US) {
    const summary = data.minute(at);
    if (summary === undefined) continue;
    messages += summary.count;
    single += summary.byReceivers[0]!;
    if (isFine) addSeconds(counts, { data, minuteUs: at, fromUs });
    else addTo(counts[Math.floor((at - fromUs) / stepUs)], summary.byReceivers, MINUTE_US / stepUs);
    for (const [receiver, heard] of summary.receivers) {
      let row = rows.get(receiver);
      if (row === undefined) {
        const empty = (): number[] => new Array<number>(barCount).fill(0);
        rows.set(receiver, row = { messages: 0, heard: empty(), of: empty() });
      }
      row.messages += heard;
      const [first, last] = barsOfMinute(at, { fromUs, stepUs, barCount });
      for (let bar = first; bar <= last; bar++) {
        row.heard[bar] = row.heard[bar]! + heard;
        row.of[bar] = row.of[bar]! + summary.count;
      }
    }
  }
  return {
    span,
    stepUs,
    times,
    counts,
    messages,
    single,
    silences: silencesOf(data, within(span, recorded)),
    rows: [...rows].map(([receiver, row]) => ({
      receiver,
      messages: row.messages,
      shares: row.heard.map((heard, i) => heard === 0 ? 0 : heard / row.of[i]!),
    })).sort((a, b) => b.messages - a.messages).slice(0, LANES_MAX)
      .sort((a, b) => a.receiver < b.receiver ? -1 : 1),
  };
}

/** Whole minutes a bar, so that there are not more bars than pixels. */
function stepOf({ fromUs, untilUs }: Span): Micros {
  const minutes = (untilUs - fromUs) / MINUTE_US / BARS_MAX;
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 240].find((each) => each >= minutes);
  return (step ?? Math.ceil(minutes / 1440) * 1440) * MINUTE_US;
}

function barsOfMinute(
  minuteUs: Micros,
  { fromUs, stepUs, barCount }: {
    readonly fromUs: Micros;
    readonly stepUs: Micros;
    readonly barCount: number;
  },
): [first: number, last: number] {
  const first = Math.floor((minuteUs - fromUs) / stepUs);
  const last = Math.ceil((minuteUs + MINUTE_US - fromUs) / stepUs) - 1;
  return [Math.max(0, first), Math.min(barCount - 1, last)];
}

function addTo(counts: number[] | undefined, more: readonly number[], factor: number): void {
  if (counts === undefined) return;
  for (const [i, count] of more.entries()) counts[i] = counts[i]! + count * factor;
}

function addSeconds(
  counts: readonly number[][],
  { data, minuteUs, fromUs }: {
    readonly data: TimelineData;
    readonly minuteUs: Micros;
    readonly fromUs: Micros;
  },
): void {
  const seconds = data.seconds(minuteUs) ?? [];
  for (const [second, found] of seconds.entries()) {
    const bar = Math.round((minuteUs - fromUs) / SECOND_US) + second;
    if (bar >= 0) addTo(counts[bar], found, 60);
  }
}

/** The intersection of two spans; it may be empty. */
export function within(one: Span, other: Span): Span {
  const fromUs = Math.max(one.fromUs, other.fromUs);
  return { fromUs, untilUs: Math.max(fromUs, Math.min(one.untilUs, other.untilUs)) };
}
