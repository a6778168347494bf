import type { IrcMessage } from "../batch/message.ts";
import { type Micros, RANGE_MAX_US, SECOND_US, TIME_END_US } from "../time.ts";

// How a recorder dates a message without a timestamp: a range of Twitch's clock in
// which it was sent for certain, as long as lag and delay stay within these constants.

/** How far the estimate of Twitch's clock may be off, either way. */
const ESTIMATE_ERROR_US = 5 * SECOND_US;

/** How far out of order Twitch delivers, with room to spare: 0.4 s was the worst in 5,000 lines. */
export const DISORDER_US = SECOND_US;

/** How much later than it happened a JOIN or PART may come: undocumented, 30 s has been seen. */
const MEMBERSHIP_DELAY_US = 45 * SECOND_US;

/** A batch is closed this long after its minute ended: no server lags further behind. */
export const SERVER_LAG_MAX_US = 60 * SECOND_US;

const DELAYED: ReadonlySet<string> = new Set(["JOIN", "PART"]);

/** When something was received, by the two clocks of the machine that received it. */
export interface Moment {
  /** By its wall clock, which may step. */
  readonly receivedUs: Micros;
  /** By its monotonic clock. */
  readonly elapsedUs: Micros;
}

/** The last timestamp that a connection brought, and when: the reference for the server's clock. */
export interface Timestamp {
  /** The timestamp, by Twitch's clock. */
  readonly sentUs: Micros;
  /** When it came, by the monotonic clock of the machine that received it. */
  readonly elapsedUs: Micros;
}

/** The stretch of server time in which a message was sent. */
export interface TimeRange {
  readonly startUs: Micros;
  readonly endUs: Micros;
}

/** What Twitch's clock shows at `elapsedUs`, going by the last timestamp. */
export function serverClockUs(last: Timestamp, elapsedUs: Micros): Micros {
  return last.sentUs + (elapsedUs - last.elapsedUs);
}

/** The references for the server's clock when a message without a timestamp came. */
export interface TimeHints {
  /** When the message came. */
  readonly moment: Moment;
  /** The last timestamp of its connection, if that has seen one. */
  readonly last: Timestamp | undefined;
  /**
   * The last timestamp of any connection of this machine. It tells the time as well, and better than
   * a wall clock that may be minutes off, but nothing of the order in which things were sent.
   */
  readonly lastOfAny?: Timestamp | undefined;
}

/**
 * The range of a message without a timestamp.
 */
export function estimateRange(
  { command }: Pick<IrcMessage, "command">,
  hints: TimeHints,
): TimeRange {
  let { startUs, endUs } = timedRange(hints);
  if (DELAYED.has(command)) startUs -= MEMBERSHIP_DELAY_US;
  // Only a clock that is decades off gets here, but its time must still be writable.
  startUs = Math.min(Math.max(startUs, 0), TIME_END_US - 1);
  endUs = Math.min(Math.max(endUs, startUs), startUs + RANGE_MAX_US);
  return { startUs, endUs };
}

function timedRange({ moment, last, lastOfAny = last }: TimeHints): TimeRange {
  if (lastOfAny === undefined) {
    const { receivedUs } = moment;
    return {
      startUs: receivedUs - 2 * ESTIMATE_ERROR_US,
      endUs: receivedUs + ESTIMATE_ERROR_US,
    };
  }
  const nowUs = serverClockUs(last ?? lastOfAny, moment.elapsedUs);
  const notBeforeUs = last === undefined ? -Infinity : last.sentUs - DISORDER_US;
  return {
    startUs: Math.max(nowUs - ESTIMATE_ERROR_US, notBeforeUs),
    endUs: nowUs + ESTIMATE_ERROR_US,
  };
}

/** The server times between which a message was delivered; `undefined` if they are unknown. */
export interface Neighbours {
  readonly afterUs: Micros | undefined;
  readonly beforeUs: Micros | undefined;
}

/**
 * The range of a message of which only the timestamps before and after it are known, as in a capture
 * that does not note when its lines came. `undefined` where no range that holds for sure is short
 * enough to be written.
 */
export function rangeBetween(
  { command }: Pick<IrcMessage, "command">,
  { afterUs, beforeUs }: Neighbours,
): TimeRange | undefined {
  if (afterUs === undefined || beforeUs === undefined) return undefined;
  const delayUs = DELAYED.has(command) ? MEMBERSHIP_DELAY_US : 0;
  const startUs = Math.max(0, afterUs - DISORDER_US - delayUs);
  const endUs = Math.min(beforeUs + DISORDER_US, TIME_END_US - 1);
  if (endUs < startUs || endUs - startUs > RANGE_MAX_US) return undefined;
  return { startUs, endUs };
}
