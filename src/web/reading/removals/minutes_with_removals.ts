import type { Message } from "../../../core/batch/message.ts";
import { type Micros, MINUTE_US } from "../../../core/time.ts";
import { clearOf, REMOVAL_REACH_US, Removals } from "./removals.ts";

/** How long after a minute begins, or a span ends, actions may remove messages of it. */
export const REMOVAL_END_US: Micros = REMOVAL_REACH_US + MINUTE_US;

/** A minute that was read. */
interface ReadMessages {
  readonly minuteUs: Micros;
  readonly messages: readonly Message[];
}

/**
 * Yields minutes, which ascend, each with what removed messages of it: not before the minutes are read in which that
 * may stand. `minutes` must go on until {@link REMOVAL_END_US} after `untilUs`; those from there on are not yielded.
 */
export async function* minutesWithRemovals<M extends ReadMessages>(
  minutes: AsyncIterable<M>,
  untilUs: Micros,
): AsyncGenerator<M & { readonly removals: Removals }, void, undefined> {
  const removals = new Removals();
  const held: M[] = [];
  for await (const minute of minutes) {
    removals.add(minute.messages.flatMap((message) => clearOf(message) ?? []));
    if (minute.minuteUs < untilUs) held.push(minute);
    while (held.length > 0 && held[0]!.minuteUs + REMOVAL_END_US <= minute.minuteUs) {
      yield { ...held.shift()!, removals };
    }
    removals.forgetBefore(held[0]?.minuteUs ?? minute.minuteUs);
  }
  for (const minute of held) yield { ...minute, removals };
}
