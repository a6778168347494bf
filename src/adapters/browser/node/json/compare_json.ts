import { parseHour } from "../../../../core/archive/archive_key.ts";
import type { Micros } from "../../../../core/time.ts";

/** An hour of which a node and its peer have different files. */
export interface PeerHour {
  /** When it starts. */
  readonly hourUs: Micros;
  /** Minutes of which only the node, or only the peer, has files. */
  readonly minutesOnlyHere: number;
  readonly minutesOnlyThere: number;
  /** Minutes of which they have different files. */
  readonly minutesDiffering: number;
  /** Messages that the other lacks. */
  readonly messagesOnlyHere: number;
  readonly messagesOnlyThere: number;
  /** Files whose messages are not counted. */
  readonly uncountedFiles: number;
}

/** A part of a comparison. */
export interface ComparedPart {
  /** Latest first. */
  readonly hours: readonly PeerHour[];
  /** How many hours are the same on both sides. */
  readonly equalHours: number;
  /** Hours before this are not compared yet; `undefined` if all are. */
  readonly nextUs: Micros | undefined;
}

/** Reads `/CHANNEL/compare.json`; `undefined` if it is none. A node is not trusted to send what it should. */
export function readComparedPart(value: unknown): ComparedPart | undefined {
  const { hours, equal_hours, next } = (value ?? {}) as { [field: string]: unknown };
  const nextUs = typeof next === "string" ? parseHour(next) : undefined;
  if (!Array.isArray(hours) || (next !== null && nextUs === undefined)) return undefined;
  return {
    hours: hours.flatMap((each) => readPeerHour(each) ?? []),
    equalHours: readCount(equal_hours),
    nextUs,
  };
}

function readPeerHour(value: unknown): PeerHour | undefined {
  const fields = (value ?? {}) as { [field: string]: unknown };
  const hourUs = typeof fields["hour"] === "string" ? parseHour(fields["hour"]) : undefined;
  return hourUs === undefined ? undefined : {
    hourUs,
    minutesOnlyHere: readCount(fields["minutes_only_here"]),
    minutesOnlyThere: readCount(fields["minutes_only_there"]),
    minutesDiffering: readCount(fields["minutes_differing"]),
    messagesOnlyHere: readCount(fields["messages_only_here"]),
    messagesOnlyThere: readCount(fields["messages_only_there"]),
    uncountedFiles: readCount(fields["uncounted_files"]),
  };
}

function readCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
