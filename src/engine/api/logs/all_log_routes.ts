import type { ChatLog } from "../../logs/chat_log.ts";
import { LogDays } from "../../logs/log_days.ts";
import type { ApiRoute } from "../route/api_route.ts";
import type { LogApiOptions, LogContext } from "./log_context.ts";
import { listRoutes } from "./list_routes.ts";
import { logRoutes } from "./log_routes.ts";
import { recentRoute } from "./recent_route.ts";
import { messageSearchRoute } from "./message_search_route.ts";
import { SearchLine } from "./search_line.ts";
import { searchRoutes } from "./search_routes.ts";

/** The routes of the APIs that tools for logs and chat clients speak. */
export function allLogRoutes(log: ChatLog, options: LogApiOptions): ApiRoute[] {
  const context: LogContext = {
    ...options,
    api: options.api ?? "rustlog",
    log,
    days: new LogDays(log),
  };
  const running = new SearchLine();
  return [
    ...listRoutes(context),
    ...searchRoutes(context, running),
    messageSearchRoute(context, running),
    ...logRoutes(context),
    recentRoute(context),
  ];
}
