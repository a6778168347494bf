import { splitBatch } from "../../core/batch/batch.ts";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import type { Message } from "../../core/batch/message.ts";
import type { Micros } from "../../core/time.ts";
import { type Clear, clearOf } from "./removals/removals.ts";

/**
 * Counts tell at most this many receivers apart; a message that more of them heard counts as heard by this
 * many.
 */
export const RECEIVERS_TOLD_APART = 4;

/** A summary of one minute. */
export interface MinuteSummary {
  readonly minuteUs: Micros;
  /** Messages in it. */
  readonly count: number;
  /** Those by one receiver, by two, by three, by {@link RECEIVERS_TOLD_APART} or more. */
  readonly byReceivers: readonly number[];
  /** Each receiver with how many messages it got. */
  readonly receivers: readonly (readonly [receiver: string, count: number])[];
  readonly clears: readonly Clear[];
}

/** The messages of a batch with their summary. */
export interface SummarizedMinute {
  readonly summary: MinuteSummary;
  readonly messages: readonly Message[];
}

/** Reads all lines of a minute. They are canonical, as they come from a reader. */
export function scanMinute(minuteUs: Micros, bytes: Uint8Array): SummarizedMinute {
  const byReceivers = new Array<number>(RECEIVERS_TOLD_APART).fill(0);
  const receivers = new Map<string, number>();
  const clears: Clear[] = [];
  const messages = splitBatch(bytes).map(parseCanonicalLine);
  for (const message of messages) {
    let heard = 0;
    for (const receiver in message.receivers) {
      heard++;
      receivers.set(receiver, (receivers.get(receiver) ?? 0) + 1);
    }
    const place = Math.min(Math.max(heard, 1), RECEIVERS_TOLD_APART) - 1;
    byReceivers[place] = byReceivers[place]! + 1;
    const clear = clearOf(message);
    if (clear !== undefined) clears.push(clear);
  }
  const count = messages.length;
  return {
    messages,
    summary: { minuteUs, count, byReceivers, receivers: [...receivers], clears },
  };
}
