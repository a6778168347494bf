import type { IrcMessage } from "../../../core/batch/message.ts";
import type { RedactionMatcher } from "../../../core/redaction/redaction_matcher.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import type { RoomDirectory } from "../../logs/room_directory.ts";
import type { OptOuts } from "../../optout/opt_outs.ts";
import { type ApiResponse, textResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";

/** The reason why nothing is told of a channel, in rustlog's words. */
export const CHANNEL_OPTED_OUT = "The requested channel has opted out of being logged";

/** Longer names are no login and no id. */
const NAME_MAX_LENGTH = 64;
/** Names in one request beyond these are for the route to refuse. */
const NAMES_MAX = 200;

/**
 * The same route, which answers 403 when a channel that has opted out is named in its path or its query. It goes
 * by the names of parameters, `channel`, `channelid` and `login`, so that it holds for every route that has one.
 */
export function refuseOptedOut(
  route: ApiRoute,
  { optOuts, rooms }: { readonly optOuts: OptOuts; readonly rooms: RoomDirectory },
): ApiRoute {
  const queryNames = (route.queryNotes ?? []).map(({ name }) => name);
  const hasChannel = /:(channel|login)\b/.test(route.path) ||
    queryNames.includes("channel") || queryNames.includes("channelid");
  if (!hasChannel || route.leavesOutChannels === true) return route;
  const { optedOut = () => textResponse(403, CHANNEL_OPTED_OUT) } = route;
  return {
    ...route,
    responseNotes: route.responseNotes.some(({ status }) => status === 403)
      ? route.responseNotes
      : [...route.responseNotes, {
        status: 403,
        description: "The channel has opted out",
        type: "text/plain",
      }],
    async answer(routed: RoutedRequest): Promise<ApiResponse> {
      const { ids, logins } = namedChannels(routed, queryNames);
      if (ids.some((id) => optOuts.isChannelOptedOut(id))) return optedOut();
      if (logins.some((login) => optOuts.isChannelNameOptedOut(login))) return optedOut();
      if (!optOuts.hasOptedOutChannels) return await route.answer(routed);
      for (const login of logins) {
        // A login that its owner took since, or whose owner opted out a moment ago.
        const room = await rooms.byLogin(login);
        if (room !== undefined && optOuts.isChannelOptedOut(room.id)) return optedOut();
      }
      return await route.answer(routed);
    },
  };
}

/** What matches messages of a feed that readers may not get: those of users and channels that have opted out. */
export function optedOutMessages(
  channel: string,
  optOuts: OptOuts,
  isRedacted: RedactionMatcher | undefined,
): RedactionMatcher {
  const isHidden = ({ tags }: IrcMessage) =>
    optOuts.isChannelNameOptedOut(channel) ||
    optOuts.isChannelOptedOut(tags?.["room-id"] ?? "") ||
    optOuts.isUserOptedOut(tags?.["user-id"] ?? "") ||
    optOuts.isUserOptedOut(tags?.["target-user-id"] ?? "");
  return (message, sighting) => isHidden(message) || isRedacted?.(message, sighting) === true;
}

function namedChannels({ request, params }: RoutedRequest, queryNames: readonly string[]) {
  const ids: string[] = [];
  const logins: string[] = [];
  const note = (name: string | undefined, list: string[]) => {
    const plain = name?.trim().replace(/^#/, "").toLowerCase() ?? "";
    if (plain === "" || plain.length > NAME_MAX_LENGTH || list.length >= NAMES_MAX) return;
    list.push(plain);
  };
  note(params["channel"], params["channelKind"] === "channelid" ? ids : logins);
  note(params["login"], logins);
  const query = new URL(request.url).searchParams;
  if (queryNames.includes("channel")) {
    for (const each of query.getAll("channel").flatMap((text) => text.split(",", NAMES_MAX))) {
      note(each, logins);
    }
  }
  if (queryNames.includes("channelid")) {
    for (const each of query.getAll("channelid")) note(each, ids);
  }
  return { ids, logins };
}
