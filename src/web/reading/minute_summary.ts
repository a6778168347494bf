import { splitBatch } from "../../core/batch/batch.ts";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import type { Message } from "../../core/batch/message.ts";
import { type Micros, readStart } from "../../core/time.ts";

/**
 * Counts tell at most this many receivers apart; a message that more of them heard counts as heard by this
 * many.
 */
export const RECEIVERS_TOLD_APART = 4;

/** An action of a moderator that marks earlier messages. */
export interface Clear {
  readonly timeUs: Micros;
  /** The `id` of the one message that was deleted. */
  readonly messageId: string | undefined;
  /** The login of the user whose messages were; none if all of the chat was cleared. */
  readonly user: string | undefined;
  /** How long that user may not write; `undefined` for ever, or if it was a deletion. */
  readonly seconds: number | undefined;
}

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

function clearOf({ command, params, tags, time }: Message): Clear | undefined {
  const timeUs = readStart(time);
  const blank = { timeUs, messageId: undefined, user: undefined, seconds: undefined };
  if (command === "CLEARMSG") return { ...blank, messageId: tags?.["target-msg-id"] };
  if (command !== "CLEARCHAT") return undefined;
  const seconds = Number(tags?.["ban-duration"] ?? NaN);
  return { ...blank, user: params[1], seconds: Number.isFinite(seconds) ? seconds : undefined };
}
