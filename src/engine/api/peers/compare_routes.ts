import { isChannelName } from "../../../core/archive/archive_key.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import { TIME_END_US } from "../../../core/time.ts";
import { Semaphore } from "../../../async/semaphore.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import type { Peer } from "../../../ports/peer.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { compareWithPeer, type HourDifference } from "../../compare/compare_with_peer.ts";
import { type ApiResponse, jsonResponse, notFound, textResponse } from "../route/api_response.ts";
import { type ApiRoute, CHANNEL_NOTE } from "../route/api_route.ts";
import { callerSignal } from "../route/caller_signal.ts";
import { INSTANT_FORMS, parseInstant } from "../route/parse_instant.ts";

/** What the routes for comparing with peers need. */
export interface CompareRouteOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** Takes why a peer failed. */
  readonly reporter: Reporter;
  /** The peers that may be compared with, asked at each request. */
  readonly peers: () => readonly Peer[];
}

/** Each reads from a peer and merges minutes: more at once would slow a recorder. */
const COMPARISONS_MAX = 2;

/** The routes by which a reader sees what this node has and its peers lack, and the other way round. */
export function compareRoutes(options: CompareRouteOptions): ApiRoute[] {
  const turns = new Semaphore(COMPARISONS_MAX);
  const text = (name: string, description: string) => ({
    name,
    description,
    schema: { type: "string" },
  });
  return [
    {
      method: "GET",
      path: "/peers.json",
      audience: "readers",
      summary:
        "The names of the peers that this node pulls from, unless the operator keeps them back.",
      responseNotes: [{
        status: 200,
        description: "Sorted; without what an address holds of credentials",
        type: "application/json",
        schema: { type: "array", items: { type: "string" } },
      }],
      answer: () => Promise.resolve(jsonResponse(options.peers().map(({ name }) => name).sort())),
    },
    {
      method: "GET",
      path: "/:channel/compare.json",
      audience: "readers",
      summary:
        "The hours of a channel of which this node and a peer have different files; there is no comparison where the " +
        "operator keeps peers back.",
      pathNotes: [CHANNEL_NOTE],
      queryNotes: [
        { ...text("peer", "A name that /peers.json gives"), isRequired: true },
        text("start", `Hours that end after this; by default from the first: ${INSTANT_FORMS}`),
        text("end", `Hours that start before this; by default to the last: ${INSTANT_FORMS}`),
      ],
      responseNotes: [
        {
          status: 200,
          description:
            "Hours that differ, latest first, with the minutes and messages that only one " +
            "side has; `uncounted_files` could not be read. Where `next` is no null, the hours before it are " +
            "not compared yet: ask again with it as `end`",
          type: "application/json",
          schema: { type: "object", required: ["peer", "equal_hours", "hours", "next"] },
        },
        { status: 400, description: "start or end is no time", type: "text/plain" },
        { status: 403, description: "The channel has opted out", type: "text/plain" },
        {
          status: 404,
          description: "No such peer, or no such name of a channel",
          type: "text/plain",
        },
        { status: 502, description: "The peer fails, or refuses", type: "text/plain" },
      ],
      answer: (routed) => turns.run(() => answerComparison(routed, options), callerSignal(routed)),
    },
  ];
}

async function answerComparison(
  routed: RoutedRequest,
  { store, hasher, reporter, peers }: CompareRouteOptions,
): Promise<ApiResponse> {
  const { channel = "" } = routed.params;
  if (!isChannelName(channel)) return notFound();
  const query = new URL(routed.request.url).searchParams;
  const peer = peers().find(({ name }) => name === query.get("peer"));
  if (peer === undefined) return textResponse(404, "peer must be a name that /peers.json gives");
  const start = parseInstant(query.get("start") ?? "0");
  const end = parseInstant(query.get("end") ?? `${TIME_END_US / 1e6}`);
  if (!start.ok) return textResponse(400, `start must be a time: ${start.reason}`);
  if (!end.ok) return textResponse(400, `end must be a time: ${end.reason}`);
  const signal = callerSignal(routed);
  const span = { fromUs: start.us, untilUs: end.us };
  try {
    const found = await compareWithPeer(channel, peer, { store, hasher, ...span, signal });
    return jsonResponse({
      peer: peer.name,
      equal_hours: found.equalHours,
      hours: found.differences.map(toJson),
      next: found.next ?? null,
    });
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    // The failure may name proxies and inner addresses: it goes to the log, not to the caller.
    const { name } = peer;
    reporter.report("debug", "Cannot compare with a peer", { peer: name, error: `${error}` });
    return textResponse(502, `Cannot ${reason} "${name}"`);
  }
}

/** What a peer did not let this node do; `undefined` if something else failed. */
function reasonOf(error: unknown): string | undefined {
  const code = error instanceof ChatloomError ? error.code : undefined;
  if (code === "CONNECTION_LOST") return "hear from";
  return code === "PEER_REFUSED" ? "use the answer of" : undefined;
}

function toJson(difference: HourDifference) {
  return {
    hour: difference.hour,
    minutes_only_here: difference.minutesOnlyHere,
    minutes_only_there: difference.minutesOnlyThere,
    minutes_differing: difference.minutesDiffering,
    messages_only_here: difference.messagesOnlyHere,
    messages_only_there: difference.messagesOnlyThere,
    uncounted_files: difference.uncountedFiles,
  };
}
