import { isChannelName } from "../../../../core/archive/archive_key.ts";
import { type Micros, MILLISECOND_US } from "../../../../core/time.ts";

/** What a node tells of a channel before it is opened. */
export interface ChannelOverview {
  /** Its login. */
  readonly channel: string;
  /** The newest message that logs show. */
  readonly last:
    | { readonly timeUs: Micros; readonly name: string; readonly text: string }
    | undefined;
  /** Messages of each of the last 30 days in UTC, today last; `undefined` where they are not counted. */
  readonly days: readonly (number | undefined)[];
  /** For how long a receiver listened in the last 24 hours. */
  readonly listenedS: number;
  /** When no receiver listened between the first and the last second of these. */
  readonly gaps: readonly { readonly fromUs: Micros; readonly untilUs: Micros }[];
  /** Whether it is recorded now. */
  readonly isRecording: boolean;
}

const LIST_MAX = 100;

/** Reads one entry of `/overview.json`; `undefined` if it is none. A node is not trusted to send what it should. */
export function readOverview(value: unknown): ChannelOverview | undefined {
  const { channel, last, days, listened_seconds, gaps, recording } = (value ?? {}) as {
    [field: string]: unknown;
  };
  if (typeof channel !== "string" || !isChannelName(channel)) return undefined;
  return {
    channel,
    last: readLast(last),
    days: Array.isArray(days) ? days.slice(0, LIST_MAX).map(readCount) : [],
    listenedS: readCount(listened_seconds) ?? 0,
    gaps: Array.isArray(gaps) ? gaps.slice(0, LIST_MAX).flatMap((gap) => readGap(gap) ?? []) : [],
    isRecording: recording === true,
  };
}

function readLast(value: unknown): ChannelOverview["last"] {
  const { time, name, text } = (value ?? {}) as { [field: string]: unknown };
  const timeUs = readTime(time);
  if (timeUs === undefined || typeof name !== "string" || typeof text !== "string") {
    return undefined;
  }
  return { timeUs, name, text };
}

function readCount(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

function readGap(value: unknown): ChannelOverview["gaps"][number] | undefined {
  if (!Array.isArray(value)) return undefined;
  const [fromUs, untilUs] = [readTime(value[0]), readTime(value[1])];
  return fromUs !== undefined && untilUs !== undefined ? { fromUs, untilUs } : undefined;
}

function readTime(value: unknown): Micros | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : NaN;
  return ms >= 0 ? ms * MILLISECOND_US : undefined;
}
