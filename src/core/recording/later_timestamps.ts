import { DISORDER_US } from "./server_time.ts";
import type { Micros } from "../time.ts";

/**
 * The smallest timestamp that has come since a certain line: messages before that line were sent
 * before it. It is an entry of a monotone stack: while lines come it may get smaller, as after 12.0 a
 * late 11.8. Read it with {@link clampEnd} at any time.
 */
export interface LaterTimestamp {
  sentUs: Micros;
  /** The entry that replaced this one, once the two were the same. */
  successor: LaterTimestamp | undefined;
}

// Entries beyond this many stay as they are: to change one takes a line that is minutes out of order.
const KEPT_MAX = 1024;

/**
 * Gives for every line of a channel, on one connection, the smallest timestamp that came after it.
 *
 * A monotone stack: the lines between two timestamps share one entry. Entries never get smaller from
 * older to younger, so a new timestamp only touches the youngest few: the cost of a line does not grow
 * with what is open.
 */
export class LaterTimestamps {
  readonly #answers: LaterTimestamp[] = [];

  /** The entry for a line that comes now: no later timestamp yet. */
  join(): LaterTimestamp {
    const youngest = this.#answers.at(-1);
    if (youngest?.sentUs === Infinity) return youngest;
    const fresh: LaterTimestamp = { sentUs: Infinity, successor: undefined };
    this.#answers.push(fresh);
    if (this.#answers.length > KEPT_MAX) this.#answers.shift();
    return fresh;
  }

  /** Takes in the timestamp of a line that comes now. */
  note(sentUs: Micros): void {
    const answers = this.#answers;
    const youngest = answers.at(-1);
    if (youngest === undefined || youngest.sentUs <= sentUs) return;
    youngest.sentUs = sentUs;
    while (answers.length > 1 && answers.at(-2)!.sentUs >= sentUs) {
      // Entries above it take the same value: from now on they are one.
      answers.splice(-2, 1)[0]!.successor = youngest;
    }
  }
}

/** The end of a range, clamped to the smallest later timestamp. Not before `startUs`. */
export function clampEnd(
  { startUs, endUs }: { readonly startUs: Micros; readonly endUs: Micros },
  later: LaterTimestamp,
): Micros {
  let answer = later;
  while (answer.successor !== undefined) answer = answer.successor;
  return Math.max(startUs, Math.min(endUs, answer.sentUs + DISORDER_US));
}
