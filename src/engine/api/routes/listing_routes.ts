import { collect } from "../../../async/collect.ts";
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
import { type ApiRoute, CHANNEL_NOTE, HOUR_NOTE, type ParameterNote } from "../route/api_route.ts";
import { channelHours } from "../../read/channel_hours.ts";
import { hiddenAmong } from "../../read/files/minute_listing.ts";

/** What the routes that list an archive need. */
export interface ListingOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
}

const LIST = { type: "array", items: { type: "string" } };
const FLAG = { type: "string", enum: ["true", "false"], default: "false" };
const REFUSED = { status: 403, description: "A name starts with a period", type: "text/plain" };

/** What the parts of these paths are. */
const PATH_NOTES: Readonly<Record<string, ParameterNote>> = {
  channel: CHANNEL_NOTE,
  hour: HOUR_NOTE,
  quality: {
    name: "quality",
    description: 'The reference\'s word for a kind of recording; "chat" is the only one here',
    schema: { type: "string" },
  },
  dir: { name: "dir", description: "Any name", schema: { type: "string" } },
};

/** A route that gives a list of names. */
interface Listing {
  readonly path: string;
  readonly summary: string;
  /** What stands in the list. */
  readonly lists: string;
  readonly list: (params: RoutedRequest["params"]) => Promise<string[]>;
}

/** The routes under `/files`: lists of names, as the reference's restreamer gives them. */
export function listingRoutes(options: ListingOptions): ApiRoute[] {
  // Those of chatloom alone come before those that take anything for a quality and refuse hidden ones.
  const listings = [...roomListings(options), ...referenceListings(options)];
  const routes = listings.map((listing) => listRoute(listing, options));
  return [...routes, filesRoute(options)];
}

/** What only chatloom has. */
function roomListings(options: ListingOptions): Listing[] {
  return [
    {
      path: "/files/:channel/.chatloom/redactions",
      summary: "Redactions of a channel.",
      lists: "Names of files, sorted",
      list: async ({ channel = "" }) =>
        isChannelName(channel) ? await namesIn(redactionPrefix(channel), options) : [],
    },
    {
      path: "/files/:channel/.chatloom/coverage",
      summary: "Hours of a channel for which there may be coverage.",
      lists: "Hours, sorted; empty if there is no such channel",
      list: async ({ channel = "" }) =>
        isChannelName(channel) ? await channelHours(channel, options) : [],
    },
    {
      path: "/files/:channel/.chatloom/coverage/:hour",
      summary: "Coverage of an hour: which receivers listened when.",
      lists: "Names of files, sorted",
      list: async ({ channel = "", hour = "" }) => {
        const hourUs = parseHour(hour);
        if (!isChannelName(channel) || hourUs === undefined) return [];
        return await namesIn(coveragePrefix(channel, hourUs), options);
      },
    },
  ];
}

/** What the reference has too. */
function referenceListings({ store }: ListingOptions): Listing[] {
  return [
    {
      path: "/files",
      summary: "Channels of the archive.",
      lists: "Names of channels, sorted",
      list: () => collect(store.folders("")),
    },
    {
      path: "/files/:channel",
      summary: "Kinds of recordings of a channel: chat, or nothing.",
      lists: '["chat"], or an empty list if there is no such channel',
      list: async ({ channel = "" }) => {
        if (!isChannelName(channel)) return [];
        return (await collect(store.folders(channel))).filter((name) => name === "chat");
      },
    },
    {
      path: "/files/:channel/:quality",
      summary: "Hours of a channel for which there are or were files.",
      lists: "Hours, sorted; empty if there is no such channel",
      list: async ({ channel = "", quality }) => {
        if (!isChannelName(channel) || quality !== "chat") return [];
        const folders = await collect(store.folders(`${channel}/chat`));
        return folders.filter((name) => parseHour(name) !== undefined);
      },
    },
    {
      path: "/extras/:dir",
      summary: "Files beside recordings, which the reference's backfiller asks for: none.",
      lists: "Always empty",
      list: () => Promise.resolve([]),
    },
  ];
}

function listRoute({ path, summary, lists, list }: Listing, options: ListingOptions): ApiRoute {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  return {
    method: "GET",
    path,
    audience: "readers",
    summary,
    pathNotes: names.map((name) => PATH_NOTES[name]!),
    responseNotes: [
      { status: 200, description: lists, type: "application/json", schema: LIST },
      { status: 304, description: "Not modified: the caller has this list" },
      ...(names.length === 0 ? [] : [REFUSED]),
    ],
    answer: (routed) => answerList(routed, list, options),
  };
}

function filesRoute(options: ListingOptions): ApiRoute {
  const route = listRoute({
    path: "/files/:channel/:quality/:hour",
    summary: "Batches of an hour.",
    lists: "Names of files, sorted; batches under a tombstone are left out",
    list: () => Promise.resolve([]),
  }, options);
  return {
    ...route,
    queryNotes: [
      { name: "tombstones", description: "Whether tombstones are listed too", schema: FLAG },
    ],
    responseNotes: [
      ...route.responseNotes,
      { status: 400, description: "The flag is neither true nor false", type: "text/plain" },
    ],
    answer: (routed) => answerFiles(routed, options),
  };
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
    const keys = await collect(options.store.list(hourPrefix(channel, hourUs)));
    const isHidden = hiddenAmong(keys);
    return keys.filter((key) => !isHidden(key) && (flag === "true" || key.endsWith(".json")))
      .map(nameOf);
  }, options);
}

/** The names of the files whose keys start with `prefix`, ascending. */
async function namesIn(prefix: string, { store }: ListingOptions): Promise<string[]> {
  return (await collect(store.list(prefix))).map(nameOf);
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
