import type { Message } from "../../core/batch/message.ts";
import { fromSeconds } from "../../core/time.ts";
import { NO_FILTER } from "../reading/filter.ts";
import { formatRoute, type Route, route } from "../state/route.ts";

/** Where a message of the channel is shown in chat. What has no id is found by its millisecond. */
export function messageRoute({ time, tags }: Message): Route {
  return {
    ...route.value,
    view: "chat",
    atUs: fromSeconds(time),
    untilUs: undefined,
    linked: tags?.["id"] ?? "",
    filter: NO_FILTER,
  };
}

/** The whole address of a message. */
export function messageLink(message: Message): string {
  return new URL(formatRoute(messageRoute(message)), location.href).href;
}
