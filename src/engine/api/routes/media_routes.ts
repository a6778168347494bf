import { isDigestText, toDigestText } from "../../../core/archive/digest_text.ts";
import { isChannelName } from "../../../core/archive/archive_key.ts";
import { pictureType } from "../../../core/media/picture_type.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { MediaStore } from "../../../ports/media/media_store.ts";
import { isEmoteId, twitchEmoteUrl } from "../../media/emote_addresses.ts";
import { ALL_CHANNELS, setsAt } from "../../media/save_channel_media.ts";
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
import { parseInstant } from "../route/parse_instant.ts";

/** What {@link mediaRoutes} serves. */
export interface MediaRouteOptions {
  readonly media: MediaStore;
  readonly hasher: Hasher;
}

const FOR_EVER = "max-age=31536000, immutable";
/** A picture is never a document with rights of the node's own pages. */
const HARMLESS = {
  "content-security-policy": "default-src 'none'; sandbox",
  "cross-origin-resource-policy": "cross-origin",
};
const PICTURE_NOTES = [
  { status: 200, description: "A picture or video", type: "image/png" },
  { status: 304, description: "Not modified: the caller has it" },
  { status: 404, description: "It was not saved", type: "text/plain" },
];

/** The routes of saved pictures: by hash, by an emote's id, and the emotes that are words at a time. */
export function mediaRoutes(options: MediaRouteOptions): ApiRoute[] {
  const { media } = options;
  const common = { method: "GET", audience: "readers" } as const;
  return [
    {
      ...common,
      path: "/media/:hash",
      summary: "A picture or video that chat showed, by its SHA-256.",
      pathNotes: [{
        name: "hash",
        description: "The SHA-256 in base64url",
        schema: { type: "string" },
      }],
      responseNotes: PICTURE_NOTES,
      answer: ({ request, params: { hash = "" } }) =>
        answerPicture(request, isDigestText(hash) ? hash : undefined, options, FOR_EVER),
    },
    {
      ...common,
      path: "/emotes/twitch/:id",
      summary: "The picture of an emote of Twitch.",
      pathNotes: [{
        name: "id",
        description: "Its id, as the tag emotes has it",
        schema: { type: "string" },
      }],
      responseNotes: PICTURE_NOTES,
      async answer({ request, params: { id = "" } }) {
        const source = isEmoteId(id) ? await media.source(twitchEmoteUrl(id)) : undefined;
        return await answerPicture(
          request,
          source?.versions.at(-1)?.hash,
          options,
          "max-age=86400",
        );
      },
    },
    {
      ...common,
      path: "/:channel/emotes.json",
      summary:
        "The emotes of BetterTTV, FrankerFaceZ and 7TV that a channel had at a time, as far as saved.",
      pathNotes: [CHANNEL_NOTE],
      queryNotes: [{
        name: "at",
        description: "The time (default: now)",
        schema: { type: "string" },
      }],
      responseNotes: [
        {
          status: 200,
          description: "Emotes that are words; those of the channel go before those of all",
          type: "application/json",
          schema: {
            type: "array",
            items: {
              type: "object",
              required: ["name", "provider", "id", "hash", "overlay", "taken"],
              properties: {
                name: { type: "string", description: "The word" },
                provider: { enum: ["bttv", "ffz", "7tv"] },
                id: { type: "string" },
                hash: { type: "string", description: "Its picture is under /media/HASH" },
                overlay: { type: "boolean", description: "Drawn over the emote in front of it" },
                taken: { type: "string", description: "When the set was taken" },
              },
            },
          },
        },
        { status: 400, description: "at is no time", type: "text/plain" },
      ],
      answer: ({ request, params: { channel = "" } }) =>
        answerEmotes(channel, new URL(request.url).searchParams.get("at"), media),
    },
  ];
}

async function answerPicture(
  request: Request,
  hash: string | undefined,
  { media, hasher }: MediaRouteOptions,
  cacheControl: string,
): Promise<ApiResponse> {
  if (hash === undefined) return notFound();
  const headers = { etag: entityTag(hash), "cache-control": cacheControl, ...HARMLESS };
  if (holdsTag(request, headers.etag)) return notModified(headers);
  const bytes = await media.getObject(hash);
  const type = bytes && pictureType(bytes);
  // What the disk has damaged is not served under the hash of something else.
  if (type === undefined || toDigestText(await hasher.digest(bytes!)) !== hash) return notFound();
  return { status: 200, headers: { "content-type": type, ...headers }, body: bytes! };
}

async function answerEmotes(
  channel: string,
  at: string | null,
  media: MediaStore,
): Promise<ApiResponse> {
  if (!isChannelName(channel)) return notFound();
  const instant = at === null ? { ok: true as const, us: Infinity } : parseInstant(at);
  if (!instant.ok) return textResponse(400, `at ${instant.reason}`);
  const found = new Map<string, object>();
  for (const name of [channel, ALL_CHANNELS]) {
    for (const { provider, takenUs, emotes } of setsAt(await media.sets(name), instant.us)) {
      const taken = new Date(takenUs / 1_000).toISOString();
      for (const { name: word, id, url, isOverlay } of emotes) {
        if (found.has(word)) continue;
        const hash = (await media.source(url))?.versions.at(-1)?.hash;
        if (hash === undefined) continue; // It was not said, so it was not saved.
        found.set(word, { name: word, provider, id, hash, overlay: isOverlay, taken });
      }
    }
  }
  return jsonResponse([...found.values()]);
}
