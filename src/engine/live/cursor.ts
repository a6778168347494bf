import type { Micros } from "../../core/time.ts";

/**
 * A place in a feed, for a client that goes on from there. In the process that gave it the number tells; in
 * any other one the time does, as every message that is received later has a time that is at most
 * {@link LATE_MAX_US} before it.
 */
export interface Cursor {
  /** The process that gave it; empty for a place in the archive. */
  readonly boot: string;
  /** The number of the last event before it. */
  readonly seq: number;
  /** What Twitch's clock said there, or less. */
  readonly floorUs: Micros;
  /** The receiver of the last event before it; empty where that is not known. */
  readonly receiver: string;
  /** When that received it: what it received until then is before the cursor. */
  readonly receivedUs: Micros;
}

/**
 * How much older than Twitch's clock a message may be when it is received: a minute of lag, 45 s of delay
 * for a JOIN, and as much again.
 */
export const LATE_MAX_US: Micros = 5 * 60_000_000;

const RECEIVER = /^[\w.-]{1,128}$/;
const CURSOR = /^1~([a-z0-9]{0,32})~(\d{1,15})~(\d{1,16})~([\w.-]{0,128})~(\d{1,16})$/;

/** Writes a cursor as one word, which may stand in a URL as it is. */
export function formatCursor({ boot, seq, floorUs, receiver, receivedUs }: Cursor): string {
  const by = RECEIVER.test(receiver) ? `${receiver}~${Math.max(0, receivedUs)}` : "~0";
  return `1~${boot}~${seq}~${Math.max(0, floorUs)}~${by}`;
}

/** Reads a cursor; `undefined` if it is none. */
export function parseCursor(text: string): Cursor | undefined {
  const match = CURSOR.exec(text);
  if (match === null) return undefined;
  const [, boot = "", seq, floorUs, receiver = "", receivedUs] = match;
  const cursor = {
    boot,
    seq: Number(seq),
    floorUs: Number(floorUs),
    receiver,
    receivedUs: Number(receivedUs),
  };
  const numbers = [cursor.floorUs, cursor.receivedUs];
  return numbers.every(Number.isSafeInteger) ? cursor : undefined;
}

/** The cursor that stands in the archive: all that was sent before `floorUs` is before it. */
export function archiveCursor(floorUs: Micros): Cursor {
  return { boot: "", seq: 0, floorUs, receiver: "", receivedUs: 0 };
}
