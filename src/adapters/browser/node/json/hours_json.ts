import { parseHour } from "../../../../core/archive/archive_key.ts";
import type { Micros } from "../../../../core/time.ts";

/** What a node knows of an hour of a channel without its chat. */
export interface NodeHour {
  /** When it starts. */
  readonly hourUs: Micros;
  /** How many messages of any kind it holds; `undefined` where the node does not count them. */
  readonly messages: number | undefined;
  /** In how many of its seconds a receiver listened; `undefined` where no receiver left coverage of it. */
  readonly listenedS: number | undefined;
}

const HOUR_S = 3_600;

/** Reads one entry of `/CHANNEL/hours.json`; `undefined` if it is none. A node is not trusted to send what it should. */
export function readNodeHour(value: unknown): NodeHour | undefined {
  const { hour, messages, listened_seconds } = (value ?? {}) as { [field: string]: unknown };
  const hourUs = typeof hour === "string" ? parseHour(hour) : undefined;
  if (hourUs === undefined) return undefined;
  const listenedS = readCount(listened_seconds);
  return {
    hourUs,
    messages: readCount(messages),
    listenedS: listenedS === undefined ? undefined : Math.min(HOUR_S, listenedS),
  };
}

function readCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
