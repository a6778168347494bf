import { parseMessageLine, splitBatch } from "../../core/batch/batch.ts";
import type { Message } from "../../core/batch/message.ts";
import { mayFallInto, type Micros, RANGE_MAX_US, readRange } from "../../core/time.ts";
import { readMinutes, type ReadMinutesOptions } from "./read_minutes.ts";

/** What {@link readEvents} reads. */
export interface ReadEventsOptions extends ReadMinutesOptions {
  /** Events that can have happened at this or later. @default all */
  readonly fromUs?: Micros | undefined;
  /** Events that can have happened before this. @default all */
  readonly untilUs?: Micros | undefined;
}

/** One event of a channel: a line of a batch, and when it happened. */
export interface ReadEvent {
  /** It did not happen before this. */
  readonly startUs: Micros;
  /** It did not happen after this. */
  readonly endUs: Micros;
  /** Canonical JSON, without the line feed. */
  readonly line: string;
  /** The same, parsed. */
  readonly message: Message;
}

/**
 * Yields the events of `channel` whose range overlaps [`fromUs`, `untilUs`), in the order of batches.
 * The promises of `readMinutes` hold here too.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* readEvents(
  channel: string,
  options: ReadEventsOptions,
): AsyncIterable<ReadEvent> {
  const { fromUs = 0, untilUs = Infinity } = options;
  // An event that begins in an earlier minute may last until now.
  const minutes = readMinutes(channel, { ...options, fromUs: Math.max(0, fromUs - RANGE_MAX_US) });
  for await (const { bytes } of minutes) {
    for (const [i, line] of splitBatch(bytes).entries()) {
      const message = parseMessageLine(line, i + 1);
      const range = readRange(message);
      if (mayFallInto(range, { fromUs, untilUs })) yield { ...range, line, message };
    }
  }
}
