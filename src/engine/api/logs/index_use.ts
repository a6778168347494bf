import { ChatloomError } from "../../../core/errors/errors.ts";
import { HOUR_US } from "../../../core/time.ts";
import { indexableFromUs } from "../../index/fill_channel.ts";
import type { ChatLog } from "../../logs/chat_log.ts";
import type { TimeSpan } from "../../logs/minute_finder.ts";
import type { Room } from "../../logs/room_directory.ts";

/** The header that says how much of an answer came by the index. */
export const INDEX_HEADER = "x-chatloom-index";

/**
 * How much of a range an index knows: all of it, a part, or nothing. What it does not know is read, which gives the
 * same answer more slowly. Hours that are not over yet are always read, and do not count.
 */
export type IndexUse = "none" | "partial" | "full";

/** What the API's description says of {@link INDEX_HEADER}, and of the field of an answer in JSON. */
export const INDEX_NOTE =
  `The header ${INDEX_HEADER}, in JSON the field index, is full where an index knows the range, and ` +
  "partial or none where chat is read instead, which takes longer";

/** How much of a range of a room the index knows. */
export async function indexUse(log: ChatLog, room: Room, span: TimeSpan): Promise<IndexUse> {
  const { finder } = log.source;
  if (finder === undefined) return "none";
  let [known, read] = [0, 0];
  try {
    for (const { channel, ...own } of room.spans) {
      const fromUs = Math.max(own.fromUs, span.fromUs);
      const untilUs = Math.min(own.untilUs, span.untilUs);
      if (fromUs >= untilUs) continue;
      const { found, gaps } = await finder.counts(channel, { fromUs, untilUs });
      known += found.length;
      for (const gap of gaps) {
        for (let hourUs = gap.fromUs; hourUs < gap.untilUs; hourUs += HOUR_US) {
          if (indexableFromUs(hourUs) <= log.clock.wallUs()) read++;
        }
      }
    }
  } catch (error) {
    if (error instanceof ChatloomError) return "none"; // The lines are read all the same.
    throw error;
  }
  return read === 0 ? "full" : known === 0 ? "none" : "partial";
}
