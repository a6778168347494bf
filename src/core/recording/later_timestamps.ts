import { DISORDER_US } from "./server_time.ts";
import type { Micros } from "../time.ts";

/**
 * The smallest timestamp that has come since a certain line: what came before that line was sent
 * before it. Read it with {@link clampEnd} at any time; it goes on sinking while lines come.
 */
export interface LaterTimestamp {
  sentUs: Micros;
  /** The one that took this one's place, once the two were the same. */
  successor: LaterTimestamp | undefined;
}

// Older ones than this many no longer sink: they would need a line that is minutes out of order.
const KEPT_MAX = 1024;

/**
 * Tells for every line of a channel, on one connection, the smallest timestamp that came after it.
 *
 * The lines between two timestamps share one answer. Answers never fall from older to younger, so a
 * new timestamp only touches the youngest few: the cost of a line does not grow with what is open.
 */
export class LaterTimestamps {
  readonly #answers: LaterTimestamp[] = [];

  /** The answer for a line that comes now: no later timestamp yet. */
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
      // What was above sinks to the same: from now on the two are one.
      answers.splice(-2, 1)[0]!.successor = youngest;
    }
  }
}

/** Where a range that ended at `endUs` ends in the light of what came later. Not before `startUs`. */
export function clampEnd(
  { startUs, endUs }: { readonly startUs: Micros; readonly endUs: Micros },
  later: LaterTimestamp,
): Micros {
  let answer = later;
  while (answer.successor !== undefined) answer = answer.successor;
  return Math.max(startUs, Math.min(endUs, answer.sentUs + DISORDER_US));
}
