import { isChannelName } from "../../../core/archive/archive_key.ts";
import { HOUR_US, minuteOf } from "../../../core/time.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { type ApiResponse, jsonResponse, notFound, textResponse } from "../route/api_response.ts";
import { type ApiRoute, CHANNEL_NOTE } from "../route/api_route.ts";
import { callerSignal } from "../route/caller_signal.ts";
import { INSTANT_FORMS, parseInstant } from "../route/parse_instant.ts";
import { type MinuteCoverageJson, toMinuteJson } from "../../coverage/describe_minute.ts";
import { coverageByMinute } from "../../coverage/minute_coverage.ts";
import type { ReadCoverageOptions } from "../../coverage/read_coverage.ts";

/** The longest range of one request. */
const SPAN_MAX_US = 24 * HOUR_US;

/**
 * The route under `/CHANNEL/coverage.json`: which receivers listened when, and how much all are likely to
 * have missed.
 */
export function coverageRoute(options: ReadCoverageOptions): ApiRoute {
  const time = (name: string, description: string) => ({
    name,
    isRequired: true,
    description: `${description}: ${INSTANT_FORMS}`,
    schema: { type: "string" },
  });
  return {
    method: "GET",
    path: "/:channel/coverage.json",
    audience: "readers",
    summary:
      "Minute by minute which receivers listened, for at most 24 h, and an estimate of how much all missed.",
    pathNotes: [CHANNEL_NOTE],
    queryNotes: [time("start", "The first minute"), time("end", "Before this minute")],
    responseNotes: [
      {
        status: 200,
        description:
          "A list of minutes. Estimates are by capture and recapture: they assume that " +
          "listeners fail independently, so they are a lower bound",
        type: "application/json",
        schema: { type: "array", items: { type: "object", required: ["minute", "listened"] } },
      },
      {
        status: 400,
        description: "start or end is no time, or they are too far apart",
        type: "text/plain",
      },
      { status: 404, description: "No channel can have that name", type: "text/plain" },
    ],
    answer: (routed) => answerCoverage(routed, options),
  };
}

async function answerCoverage(
  routed: RoutedRequest,
  options: ReadCoverageOptions,
): Promise<ApiResponse> {
  const { request, params } = routed;
  const { channel = "" } = params;
  if (!isChannelName(channel)) return notFound();
  const query = new URL(request.url).searchParams;
  const start = parseInstant(query.get("start") ?? "");
  const end = parseInstant(query.get("end") ?? "");
  if (!start.ok) return textResponse(400, `start must be a time: ${start.reason}`);
  if (!end.ok) return textResponse(400, `end must be a time: ${end.reason}`);
  const [fromUs, toUs] = [start.us, end.us];
  if (toUs < fromUs || toUs - minuteOf(fromUs) > SPAN_MAX_US) {
    return textResponse(400, "end must come after start, by 24 h at most");
  }
  const minutes: MinuteCoverageJson[] = [];
  const signal = callerSignal(routed);
  for await (const minute of coverageByMinute(channel, { ...options, signal, fromUs, toUs })) {
    minutes.push(toMinuteJson(minute));
  }
  return jsonResponse(minutes);
}
