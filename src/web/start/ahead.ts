import type { NodeAddress } from "../../adapters/browser/node_chat.ts";
import { minuteOf } from "../../core/time.ts";
import type { Route } from "../state/address.ts";
import { restOfHour } from "../reading/chat_archive.ts";
import type { AheadRequest } from "../reading/page_calls.ts";
import { isEmptyFilter } from "../reading/filter.ts";

/** What a page at an address asks its node for. */
export function aheadOf(
  { view, channel, atUs, filter }: Route,
  address: NodeAddress,
): AheadRequest {
  const isChat = view === "chat" && atUs !== undefined && isEmptyFilter(filter);
  // A day that ends within the hour, as in some zones, is another question: then this one was for nothing.
  const chat = isChat ? restOfHour(minuteOf(atUs), Infinity) : undefined;
  return { address, channel, chat };
}
