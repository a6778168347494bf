import { forEachConcurrent } from "../../../async/for_each_concurrent.ts";
import { isChannelName } from "../../../core/archive/archive_key.ts";
import { logFieldsOf } from "../../../core/logs/log_fields.ts";
import { DAY_US, HOUR_US, hourOf, type Micros, SECOND_US } from "../../../core/time.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { ALL_TIME, type ChatLog } from "../../logs/chat_log.ts";
import { hourMessages } from "../../logs/hour_figures.ts";
import { ScanTimeoutError } from "../../logs/scan_budget.ts";
import { type ApiResponse, jsonResponse, textResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";
import { callerSignal } from "../route/caller_signal.ts";

/** How many channels one request may ask for: what a screen shows. */
const CHANNELS_MAX = 50;
/** Their folders are looked at together: most of the time is waiting for the disk. */
const CHANNELS_AT_A_TIME = 8;
const DAYS_SHOWN = 30;
const GAPS_MAX = 100;
/** A recorder that stopped this long ago records no more. */
const RECORDING_US = 2 * HOUR_US;

/** What the overview tells of one channel. */
interface ChannelOverview {
  readonly channel: string;
  /** The newest message that logs show. */
  readonly last: {
    readonly time: string;
    readonly name: string;
    readonly text: string;
  } | null;
  /** Messages of each of the last 30 days in UTC, today last; null where no index counts them. */
  readonly days: readonly (number | null)[];
  /** In how many seconds of the last 24 hours a receiver listened. */
  readonly listened_seconds: number;
  /** The stretches in between in which no receiver listened: start and end. */
  readonly gaps: readonly (readonly [from: string, to: string])[];
  /** Whether it is recorded now. */
  readonly recording: boolean;
}

/** The route under `/overview.json`: what a reader wants to know of channels before opening one. */
export function overviewRoute(
  log: ChatLog,
  { isRecording }: { readonly isRecording?: ((channel: string) => boolean) | undefined },
): ApiRoute {
  return {
    method: "GET",
    path: "/overview.json",
    audience: "readers",
    leavesOutChannels: true,
    summary:
      "The last message of channels, their messages a day, and when no receiver listened to them lately.",
    queryNotes: [{
      name: "channel",
      isRequired: true,
      description: `Logins, separated by commas, at most ${CHANNELS_MAX}`,
      schema: { type: "string" },
    }],
    responseNotes: [
      {
        status: 200,
        description: "Those of the channels that this node has and that have not opted out",
        type: "application/json",
        schema: {
          type: "array",
          items: {
            type: "object",
            required: ["channel", "last", "days", "listened_seconds", "gaps", "recording"],
          },
        },
      },
      { status: 400, description: "No channel is named, or too many are", type: "text/plain" },
    ],
    answer: (routed) => answerOverview(routed, { log, isRecording }),
  };
}

async function answerOverview(
  routed: RoutedRequest,
  options: OverviewOptions,
): Promise<ApiResponse> {
  const signal = callerSignal(routed);
  const named = new URL(routed.request.url).searchParams.get("channel") ?? "";
  const channels = [...new Set(named.split(",").filter(isChannelName))];
  if (channels.length === 0 || channels.length > CHANNELS_MAX) {
    return textResponse(400, `channel must name 1 to ${CHANNELS_MAX} channels`);
  }
  const found = new Map<string, ChannelOverview>();
  await forEachConcurrent(channels, CHANNELS_AT_A_TIME, async (channel) => {
    const overview = await overviewOf(channel, { ...options, signal });
    if (overview !== undefined) found.set(channel, overview);
  });
  return jsonResponse(channels.flatMap((channel) => found.get(channel) ?? []));
}

interface OverviewOptions {
  readonly log: ChatLog;
  readonly isRecording?: ((channel: string) => boolean) | undefined;
}

async function overviewOf(
  channel: string,
  { log, isRecording, signal }: OverviewOptions & { readonly signal: AbortSignal },
): Promise<ChannelOverview | undefined> {
  const nowUs = log.clock.wallUs();
  const todayUs = nowUs - nowUs % DAY_US;
  if (log.optOuts?.isChannelNameOptedOut(channel) === true) return undefined;
  const room = await log.rooms.byLogin(channel);
  if (room === undefined || log.optOuts?.isChannelOptedOut(room.id) === true) return undefined;
  const fromUs = todayUs - (DAYS_SHOWN - 1) * DAY_US;
  const days = new Array<number | null>(DAYS_SHOWN).fill(0);
  for (const [hourUs, messages] of await hourMessages(log, channel, { fromUs, untilUs: nowUs })) {
    const day = Math.floor((hourUs - fromUs) / DAY_US);
    const sum = days[day];
    if (sum !== undefined && sum !== null) {
      days[day] = messages === undefined ? null : sum + messages;
    }
  }
  const last = await lastMessage(log, room, signal);
  const hours = await log.listened.hours([channel], { fromUs: nowUs - DAY_US, untilUs: nowUs });
  const lastHeardUs = Math.max(
    last === undefined ? 0 : Date.parse(last.time) * 1_000,
    ...[...hours].map(([hourUs, spans]) => hourUs + (spans.at(-1)?.[1] ?? 0) * SECOND_US),
  );
  return {
    channel,
    last: last ?? null,
    days,
    listened_seconds: [...hours.values()].flat().reduce((sum, [from, to]) => sum + to - from, 0),
    gaps: gapsOf(hours, nowUs),
    recording: isRecording?.(channel) === true || nowUs - lastHeardUs < RECORDING_US,
  };
}

async function lastMessage(
  log: ChatLog,
  room: Parameters<ChatLog["firstLine"]>[0],
  signal: AbortSignal,
): Promise<NonNullable<ChannelOverview["last"]> | undefined> {
  try {
    const line = await log.firstLine(room, { ...ALL_TIME, isReversed: true, signal });
    if (line === undefined) return undefined;
    const { displayName, systemText, userText } = logFieldsOf(line.message);
    return {
      time: new Date(line.startUs / 1_000).toISOString(),
      name: displayName,
      text: [systemText, userText].filter((text) => text !== "").join(" "),
    };
  } catch (error) {
    if (error instanceof ScanTimeoutError) return undefined; // Long silence: nothing to show.
    throw error;
  }
}

/**
 * When no receiver listened in the 24 hours before now. Hours without any coverage at the start are left out
 * where the channel was not recorded yet, and so are the last minutes, whose coverage is not stored yet.
 */
function gapsOf(
  hours: ReadonlyMap<Micros, readonly (readonly [from: number, to: number])[]>,
  nowUs: Micros,
): (readonly [from: string, to: string])[] {
  const spans = [...hours].flatMap(([hourUs, listened]) =>
    listened.map(([from, to]) => [hourUs + from * SECOND_US, hourUs + to * SECOND_US] as const)
  ).sort((a, b) => a[0] - b[0]);
  const gaps: (readonly [from: string, to: string])[] = [];
  const instant = (us: Micros): string => new Date(us / 1_000).toISOString();
  let endUs = spans[0]?.[0] ?? hourOf(nowUs);
  for (const [fromUs, toUs] of spans) {
    if (fromUs - endUs >= SECOND_US) gaps.push([instant(endUs), instant(fromUs)]);
    endUs = Math.max(endUs, toUs);
  }
  return gaps.slice(-GAPS_MAX);
}
