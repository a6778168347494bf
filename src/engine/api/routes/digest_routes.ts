import { isChannelName, parseHour } from "../../../core/archive/archive_key.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import {
  type ApiResponse,
  entityTag,
  holdsTag,
  jsonResponse,
  notFound,
  notModified,
  textResponse,
} from "../route/api_response.ts";
import { type ApiRoute, CHANNEL_NOTE } from "../route/api_route.ts";
import { type ChannelDigest, channelDigest } from "../files/archive_digest.ts";
import { Coalescer } from "../../../async/coalescer.ts";

/** What the routes for digests need. */
export interface DigestRouteOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
}

const SINCE_NOTE = {
  name: "since",
  description: "Leaves out the hours before this one: 2026-08-01T12",
  schema: { type: "string" },
};
const BAD_SINCE = { status: 400, description: "since is no hour", type: "text/plain" };

/** The routes by which a peer finds equal folders without listing them. */
export function digestRoutes(options: DigestRouteOptions): ApiRoute[] {
  const shared = new Coalescer<ChannelDigest>();
  const digest = (channel: string, since: string) =>
    shared.run(`${channel} ${since}`, () => channelDigest(channel, { ...options, since }));
  return [
    {
      method: "GET",
      path: "/digests",
      audience: "readers",
      summary: "One digest a channel: equal digests mean equal lists of files.",
      queryNotes: [SINCE_NOTE],
      responseNotes: [
        {
          status: 200,
          description: "Channel → digest of the digests of its hours and redactions",
          type: "application/json",
          schema: { type: "object", additionalProperties: { type: "string" } },
        },
        BAD_SINCE,
      ],
      answer: (routed) =>
        withSince(routed, async (since) => {
          const digests: [string, string][] = [];
          for await (const channel of options.store.folders("")) {
            digests.push([channel, (await digest(channel, since)).digest]);
          }
          return jsonResponse(Object.fromEntries(digests));
        }),
    },
    {
      method: "GET",
      path: "/digests/:channel",
      audience: "readers",
      summary: "Digests of the hours of a channel, each of the names of its files.",
      pathNotes: [CHANNEL_NOTE],
      queryNotes: [SINCE_NOTE],
      responseNotes: [
        {
          status: 200,
          description: "SHA-256 in base64url: of each hour the sorted names of batches and " +
            "tombstones, each ended by a line feed; of each hour's coverage and of the redactions " +
            'likewise; and of the lines "HOUR DIGEST" of all hours, "coverage HOUR DIGEST" of all ' +
            'hours of coverage and "redactions DIGEST"',
          type: "application/json",
          schema: {
            type: "object",
            required: ["digest", "redactions", "hours", "coverage"],
            properties: {
              digest: { type: "string" },
              redactions: { type: "string" },
              hours: { type: "object", additionalProperties: { type: "string" } },
              coverage: { type: "object", additionalProperties: { type: "string" } },
            },
          },
        },
        { status: 304, description: "Not modified: the caller has this state of the channel" },
        BAD_SINCE,
        { status: 404, description: "No channel can have that name", type: "text/plain" },
      ],
      answer: (routed) =>
        withSince(routed, async (since) => {
          const { channel = "" } = routed.params;
          if (!isChannelName(channel)) return notFound();
          const found = await digest(channel, since);
          const answer = jsonResponse(found, { etag: entityTag(found.digest) });
          return holdsTag(routed.request, entityTag(found.digest))
            ? notModified(answer.headers)
            : answer;
        }),
    },
  ];
}

async function withSince(
  { request }: RoutedRequest,
  answer: (since: string) => Promise<ApiResponse>,
): Promise<ApiResponse> {
  const since = new URL(request.url).searchParams.get("since") ?? "";
  if (since !== "" && parseHour(since) === undefined) {
    return textResponse(400, "since must be an hour, such as 2026-08-01T12");
  }
  return await answer(since);
}
