import type { Message } from "./message.ts";
import { readRange } from "../time.ts";
import type { Sighting } from "../grouping/sighting.ts";

/** What each receiver of a line knows of its message, were it ranged. */
export function rangedSightings(
  message: Pick<Message, "receivers" | "time" | "time_range">,
): Sighting[] {
  return Object.keys(message.receivers).map((receiver) => {
    const value = message.receivers[receiver]!;
    const isPlain = typeof value === "number";
    return {
      receiver,
      receivedS: isPlain ? value : value.received,
      ...readRange(isPlain ? message : value),
    };
  });
}
