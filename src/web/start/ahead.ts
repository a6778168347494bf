import { CHANNELS_PATH, hoursPath, minutesPath } from "../../adapters/browser/node/node_paths.ts";
import { minuteOf } from "../../core/time.ts";
import type { Route } from "../state/address.ts";
import { restOfHour } from "../reading/chat_archive.ts";
import { isEmptyFilter } from "../reading/filter.ts";

/** The paths that a page at an address is about to ask its node for. */
export function pathsAhead({ view, channel, atUs, filter }: Route): string[] {
  if (channel === undefined) return [CHANNELS_PATH];
  const paths = [CHANNELS_PATH, hoursPath(channel)];
  if (view === "chat" && atUs !== undefined && isEmptyFilter(filter)) {
    // A day that ends within the hour, as in some zones, is another question: then this one was for nothing.
    paths.push(minutesPath(channel, restOfHour(minuteOf(atUs), Infinity)));
  }
  return paths;
}
