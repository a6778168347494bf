import type { LogDialect } from "../../../core/logs/format_log.ts";
import { textResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";
import { CHANNEL_PATH } from "./log_subject.ts";

const DATE = ":year{[0-9]+}/:month{[0-9]+}";

/**
 * Routes for paths that look like those of logs but for a word in them. rustlog tells the caller so; for justlog they
 * are paths as any other, and there are none. A router must try them last.
 */
export function wrongWordRoutes(api: LogDialect = "rustlog"): ApiRoute[] {
  if (api === "justlog") return [];
  const [channel, user] = ["channel or channelid", "user or userid"];
  return [
    wrongWord(`${CHANNEL_PATH}/:word/:user`, user),
    wrongWord(`${CHANNEL_PATH}/:word/:user/${DATE}`, user),
    wrongWord(`/:word/:channel/${DATE}/:day{[0-9]+}`, channel),
    wrongWord("/:word/:channel/:userKind{user(?:id)?}/:user", channel),
    wrongWord(`/:word/:channel/:userKind{user(?:id)?}/:user/${DATE}`, channel),
  ];
}

function wrongWord(path: string, expected: string): ApiRoute {
  return {
    method: "GET",
    path,
    audience: "readers",
    mayEndInSlash: true,
    summary: "A path of a log with a wrong word.",
    responseNotes: [],
    answer: ({ params }) =>
      Promise.resolve(
        textResponse(400, `Invalid URL: "${params["word"]?.slice(0, 64)}" must be ${expected}`),
      ),
  };
}
