import {
  type ArchiveKey,
  coveragePrefix,
  hourPrefix,
  isChannelName,
  parseHour,
  redactionPrefix,
} from "../../../core/archive/archive_key.ts";
import { OLD_REDACTIONS } from "../../../core/archive/first_layout.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { RoutedRequest } from "../../../ports/http.ts";
import { toDigestText } from "../../../core/archive/digest_text.ts";
import {
  type ApiResponse,
  entityTag,
  holdsTag,
  jsonResponse,
  notModified,
  textResponse,
} from "../route/api_response.ts";
import { type ApiRoute, CHANNEL_NOTE, HOUR_NOTE } from "../route/api_route.ts";
import { channelHours } from "../../read/channel_hours.ts";
import { hiddenAmong, listHour } from "../files/list_hour.ts";

/** What the routes that list an archive need. */
export interface ListingOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
}

const LIST = { type: "array", items: { type: "string" } };
const FLAG = { type: "string", enum: ["true", "false"], default: "false" };
const QUALITY_NOTE = {
  name: "quality",
  description: 'The reference\'s word for a kind of recording; "chat" is the only one here',
  schema: { type: "string" },
};

/** The routes under `/files`: lists of names, as the reference's restreamer gives them. */
export function listingRoutes(options: ListingOptions): ApiRoute[] {
  const { store } = options;
  const listed = (description: string) => [
    { status: 200, description, type: "application/json", schema: LIST },
    { status: 304, description: "The list is as the caller has it" },
  ];
  const refused = { status: 403, description: "A name starts with a period", type: "text/plain" };
  return [
    // Before the routes that take anything for a quality, as those refuse hidden ones.
    {
      method: "GET",
      path: "/files/:channel/.chatloom/redactions",
      audience: "readers",
      summary: "Redactions of a channel.",
      pathNotes: [CHANNEL_NOTE],
      responseNotes: [...listed("Names of files, sorted"), refused],
      answer: (routed) =>
        answerList(
          routed,
          async ({ channel = "" }) =>
            isChannelName(channel) ? await namesIn(redactionPrefix(channel), options) : [],
          options,
        ),
    },
    {
      method: "GET",
      path: "/files/:channel/.chatloom/coverage",
      audience: "readers",
      summary: "Hours of a channel for which there may be coverage.",
      pathNotes: [CHANNEL_NOTE],
      responseNotes: [...listed("Hours, sorted; empty if there is no such channel"), refused],
      answer: (routed) =>
        answerList(
          routed,
          async ({ channel = "" }) =>
            isChannelName(channel) ? await channelHours(channel, options) : [],
          options,
        ),
    },
    {
      method: "GET",
      path: "/files/:channel/.chatloom/coverage/:hour",
      audience: "readers",
      summary: "Coverage of an hour: who listened when.",
      pathNotes: [CHANNEL_NOTE, HOUR_NOTE],
      responseNotes: [...listed("Names of files, sorted"), refused],
      answer: (routed) =>
        answerList(routed, async ({ channel = "", hour = "" }) => {
          const hourUs = parseHour(hour);
          if (!isChannelName(channel) || hourUs === undefined) return [];
          return await namesIn(coveragePrefix(channel, hourUs), options);
        }, options),
    },
    {
      method: "GET",
      path: "/files",
      audience: "readers",
      summary: "Channels of the archive.",
      responseNotes: listed("Names of channels, sorted"),
      answer: (routed) => answerList(routed, () => namesOf(store.folders("")), options),
    },
    {
      method: "GET",
      path: "/files/:channel",
      audience: "readers",
      summary: "Kinds of recordings of a channel: chat, or nothing.",
      pathNotes: [CHANNEL_NOTE],
      responseNotes: [...listed('["chat"], or an empty list if there is no such channel'), refused],
      answer: (routed) =>
        answerList(routed, async ({ channel = "" }) => {
          if (!isChannelName(channel)) return [];
          const folders = await namesOf(store.folders(channel));
          return folders.filter((name) => name === "chat");
        }, options),
    },
    {
      method: "GET",
      path: "/files/:channel/:quality",
      audience: "readers",
      summary: "Hours of a channel for which there are or were files.",
      pathNotes: [CHANNEL_NOTE, QUALITY_NOTE],
      responseNotes: [...listed("Hours, sorted; empty if there is no such channel"), refused],
      answer: (routed) =>
        answerList(routed, async ({ channel = "", quality }) => {
          if (!isChannelName(channel) || quality !== "chat") return [];
          const folders = await namesOf(store.folders(`${channel}/chat`));
          return folders.filter((name) => parseHour(name) !== undefined);
        }, options),
    },
    {
      method: "GET",
      path: "/files/:channel/:quality/:hour",
      audience: "readers",
      summary: "Batches of an hour.",
      pathNotes: [CHANNEL_NOTE, QUALITY_NOTE, HOUR_NOTE],
      queryNotes: [
        { name: "tombstones", description: "Whether tombstones are listed too", schema: FLAG },
      ],
      responseNotes: [
        ...listed("Names of files, sorted; batches under a tombstone are left out"),
        { status: 400, description: "The flag is neither true nor false", type: "text/plain" },
        refused,
      ],
      answer: (routed) => answerFiles(routed, options),
    },
    {
      method: "GET",
      path: "/extras/:dir",
      audience: "readers",
      summary: "Files beside recordings, which the reference's backfiller asks for: none.",
      pathNotes: [{ name: "dir", description: "Any name", schema: { type: "string" } }],
      responseNotes: [...listed("Always empty"), refused],
      answer: (routed) => answerList(routed, () => Promise.resolve([]), options),
    },
  ];
}

async function answerFiles(routed: RoutedRequest, options: ListingOptions): Promise<ApiResponse> {
  const flag = new URL(routed.request.url).searchParams.get("tombstones")?.toLowerCase() ??
    "false";
  if (flag !== "true" && flag !== "false") {
    return textResponse(400, "tombstones must be one of: true, false");
  }
  return await answerList(routed, async ({ channel = "", quality, hour = "" }) => {
    if (!isChannelName(channel) || quality !== "chat") return [];
    // Nodes of the first version look for redactions here.
    if (hour === OLD_REDACTIONS) return await namesIn(redactionPrefix(channel), options);
    const hourUs = parseHour(hour);
    if (hourUs === undefined) return [];
    const keys = await listHour(options.store, hourPrefix(channel, hourUs));
    const isHidden = hiddenAmong(keys);
    return keys.filter((key) => !isHidden(key) && (flag === "true" || key.endsWith(".json")))
      .map(nameOf);
  }, options);
}

/** The names of the files whose keys start with `prefix`, ascending. */
async function namesIn(prefix: string, { store }: ListingOptions): Promise<string[]> {
  return (await listHour(store, prefix)).map(nameOf);
}

function nameOf(key: ArchiveKey): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

async function answerList(
  { request, params }: RoutedRequest,
  list: (params: RoutedRequest["params"]) => Promise<string[]>,
  { hasher }: ListingOptions,
): Promise<ApiResponse> {
  // As the reference refuses hidden folders, so that its clients see what they know.
  for (const [name, value] of Object.entries(params)) {
    if (value.startsWith(".")) return textResponse(403, `Bad ${name}: May not start with a period`);
  }
  const answer = jsonResponse(await list(params));
  const digest = await hasher.digest(answer.body as Uint8Array);
  const headers = { ...answer.headers, etag: entityTag(toDigestText(digest)) };
  if (holdsTag(request, headers.etag)) return notModified(headers);
  return { ...answer, headers };
}

async function namesOf(folders: AsyncIterable<string>): Promise<string[]> {
  const names: string[] = [];
  for await (const name of folders) names.push(name);
  return names;
}
