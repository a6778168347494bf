import { isChannelName } from "../../../core/archive/archive_key.ts";
import { parseJson } from "../../../core/json/parse_json.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { areEqual } from "../gate/access.ts";
import { type ApiResponse, textResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";

/** Changes which channels are recorded. */
export interface ChannelChanger {
  /**
   * Records these channels, or records them no more; returns whether it did: false if there would be too many.
   *
   * @throws {ChatloomError} when the change cannot be stored; then nothing has changed.
   */
  change(names: readonly string[], way: "add" | "remove"): Promise<boolean>;
}

/** Who may change which channels are recorded, and how it is done. */
export interface AdminOptions {
  /** Makes the changes. */
  readonly channels: ChannelChanger;
  /** The key that callers must send, asked at each request; without one no caller may change anything. */
  readonly apiKey: () => string | undefined;
}

const CHANNELS_MAX = 1_000;
const PATH = "/admin/channels";

/**
 * Routes to record channels and to stop recording them, as rustlog and justlog have them.
 *
 * @param options.loginOf the newest login of the room with an id, if the archive knows it
 */
export function adminRoutes(
  { channels, apiKey, hasher, loginOf }: AdminOptions & {
    readonly hasher: Hasher;
    readonly loginOf: (id: string) => Promise<string | undefined>;
  },
): ApiRoute[] {
  const answer = async (
    { request }: RoutedRequest,
    way: "add" | "remove",
  ): Promise<ApiResponse> => {
    const key = apiKey();
    const given = request.headers.get("x-api-key");
    if (key === undefined || given === null || !await areEqual(given, key, hasher)) {
      return textResponse(403, key === undefined ? "No API key is configured" : "Wrong API key");
    }
    const words = parseBody(await request.text()); // The gate bounds it.
    if (words === undefined) return textResponse(400, USAGE);
    const names: string[] = [];
    const unknown: string[] = [];
    for (const word of words) {
      const name = /^[0-9]+$/.test(word)
        ? await loginOf(word)
        : word.replace(/^#/, "").toLowerCase();
      if (name !== undefined && isChannelName(name)) names.push(name);
      else unknown.push(word);
    }
    if (unknown.length > 0) return textResponse(400, unknownText(unknown));
    if (await channels.change(names, way)) return textResponse(200, "");
    return textResponse(400, "Too many channels were added and removed");
  };
  const shared = {
    path: PATH,
    audience: "operator",
    checksCaller: true,
    bodyMaxBytes: 64 * 1_024,
    bodyType: "application/json",
    responseNotes: [
      { status: 200, description: "Done, with an empty body", type: "text/plain" },
      {
        status: 400,
        description: "No such list, or ids that the archive does not know",
        type: "text/plain",
      },
      { status: 403, description: "No X-Api-Key, or a wrong one", type: "text/plain" },
    ],
  } as const;
  const body = 'The body is {"channels":["id or login"]}, the key is in X-Api-Key.';
  return [{
    ...shared,
    method: "POST",
    summary: `Records channels from now on, also after a restart. ${body}`,
    answer: (routed) => answer(routed, "add"),
  }, {
    ...shared,
    method: "DELETE",
    summary: `Records channels no more, whatever else names them. ${body}`,
    answer: (routed) => answer(routed, "remove"),
  }];
}

const USAGE = `The body must be {"channels":["id or login"]} with 1 to ${CHANNELS_MAX} of them`;

function parseBody(text: string): string[] | undefined {
  try {
    const { channels } = parseJson(text) as { channels?: unknown };
    const isList = Array.isArray(channels) && channels.length > 0 &&
      channels.length <= CHANNELS_MAX &&
      channels.every((each) => typeof each === "string" && each.length <= 64);
    return isList ? channels : undefined;
  } catch {
    return undefined;
  }
}

function unknownText(words: readonly string[]): string {
  const shown = words.slice(0, 10).map((word) => JSON.stringify(word)).join(", ");
  return `No channel is known here as ${shown}: nothing was changed. Give the login of a channel that is ` +
    `not recorded yet, such as "forsen"; a login of digits as "#123"`;
}
