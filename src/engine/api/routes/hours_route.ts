import { formatHour, isChannelName } from "../../../core/archive/archive_key.ts";
import { HOUR_US, TIME_END_US } from "../../../core/time.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import type { ChatLog } from "../../logs/chat_log.ts";
import { type HourFigures, hourFigures } from "../../logs/hour_figures.ts";
import { type ApiResponse, jsonResponse, notFound, textResponse } from "../route/api_response.ts";
import { type ApiRoute, CHANNEL_NOTE } from "../route/api_route.ts";
import { INSTANT_FORMS, parseInstant } from "../route/parse_instant.ts";

/** The longest list: some four years. */
const HOURS_MAX = 36_000;

/** The route under `/CHANNEL/hours.json`: how much each hour holds, and how much of it was listened to. */
export function hoursRoute(log: ChatLog): ApiRoute {
  const time = (name: string, description: string) => ({
    name,
    description: `${description}: ${INSTANT_FORMS}`,
    schema: { type: "string" },
  });
  return {
    method: "GET",
    path: "/:channel/hours.json",
    audience: "readers",
    summary: "The hours of a channel that have chat or coverage, with their numbers of messages.",
    pathNotes: [CHANNEL_NOTE],
    queryNotes: [
      time("start", "Hours that end after this; by default from the first"),
      time("end", "Hours that start before this; by default to the last"),
    ],
    responseNotes: [
      {
        status: 200,
        description: "Hours by time. `messages` is null where no index counts them, " +
          "`listened_seconds` where no receiver left coverage",
        type: "application/json",
        schema: {
          type: "array",
          items: { type: "object", required: ["hour", "messages", "listened_seconds"] },
        },
      },
      {
        status: 400,
        description: `start or end is no time, or there are over ${HOURS_MAX} hours between them`,
        type: "text/plain",
      },
      { status: 403, description: "The channel has opted out", type: "text/plain" },
      { status: 404, description: "No channel can have that name", type: "text/plain" },
    ],
    answer: (routed) => answerHours(routed, log),
  };
}

async function answerHours(
  { request, params }: RoutedRequest,
  log: ChatLog,
): Promise<ApiResponse> {
  const { channel = "" } = params;
  if (!isChannelName(channel)) return notFound();
  const query = new URL(request.url).searchParams;
  const start = parseInstant(query.get("start") ?? "0");
  const end = parseInstant(query.get("end") ?? `${TIME_END_US / 1e6}`);
  if (!start.ok) return textResponse(400, `start must be a time: ${start.reason}`);
  if (!end.ok) return textResponse(400, `end must be a time: ${end.reason}`);
  const hours = await hourFigures(log, channel, { fromUs: start.us, untilUs: end.us });
  if (hours.length > HOURS_MAX) {
    const lastUs = hours[HOURS_MAX]!.hourUs - HOUR_US;
    return textResponse(400, `Over ${HOURS_MAX} hours: ask for those until ${formatHour(lastUs)}`);
  }
  return jsonResponse(hours.map(toJson));
}

function toJson({ hourUs, messages, listenedS }: HourFigures) {
  return {
    hour: formatHour(hourUs),
    messages: messages ?? null,
    listened_seconds: listenedS ?? null,
  };
}
