import { isChannelName } from "../../core/archive/archive_key.ts";
import { type Micros, TIME_END_US } from "../../core/time.ts";
import { type Filter, NO_FILTER } from "../reading/filter.ts";

/** What the page shows: all of it stands in the address, so that it can be linked to. */
export interface Route {
  readonly view: "home" | "archives" | "calendar" | "timeline" | "chat" | "search" | "person";
  readonly channel: string | undefined;
  /** The moment looked at. */
  readonly atUs: Micros | undefined;
  /** The end of the stretch that a timeline shows or a search covers; it starts at `atUs`. */
  readonly untilUs: Micros | undefined;
  /** The message that a link points at: its id, or "" for the one of that millisecond. */
  readonly linked: string | undefined;
  /** When the video began that chat goes beside; how far it is follows from `atUs`. @default none */
  readonly videoUs?: Micros | undefined;
  /** The name of the peer that a calendar is compared with, as the address has it. @default none */
  readonly peer?: string | undefined;
  /** Of a person's view the user alone. */
  readonly filter: Filter;
}

/** What the page shows without an address. */
export const START: Route = {
  view: "home",
  channel: undefined,
  atUs: undefined,
  untilUs: undefined,
  linked: undefined,
  videoUs: undefined,
  peer: undefined,
  filter: NO_FILTER,
};

const REMOVED = ["any", "deleted", "timeout", "ban"] as const;

/** Reads the part after the `#`. Unknown parts are left out. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const [, view = "", channel = "", ...rest] = path.split("/");
  if (view === "archives") return { ...START, view };
  const who = view === "person" ? decode(rest.shift() ?? "") : "";
  if (view === "person" && who === "") return START;
  const [at = ""] = rest;
  if (
    view !== "calendar" && view !== "timeline" && view !== "chat" && view !== "search" &&
    view !== "person"
  ) {
    return START;
  }
  const [from, until] = decode(at).split("~");
  const params = new URLSearchParams(query);
  const thread = parseLinked(params.get("thread")) ?? "";
  const removed = REMOVED.find((each) => each === params.get("removed"));
  const isComparable = view === "calendar" && isChannelName(channel);
  return {
    view,
    channel: isChannelName(channel) ? channel : undefined,
    atUs: parseMoment(from),
    untilUs: view === "chat" ? undefined : parseMoment(until),
    videoUs: view === "chat" ? parseMoment(params.get("video") ?? undefined) : undefined,
    linked: view === "chat" ? parseLinked(params.get("id")) : undefined,
    peer: isComparable ? params.get("peer") || undefined : undefined,
    filter: view === "person" ? { ...NO_FILTER, user: who } : {
      text: params.get("text") ?? "",
      isRegex: params.has("regex"),
      user: params.get("user") ?? "",
      command: params.get("command") ?? "",
      ...removed === undefined ? {} : { removed },
      ...thread !== "" && view === "chat" ? { thread } : {},
    },
  };
}

/**
 * Reads a link to a log page of justlog or rustlog, as bots print them: `?channel=forsen&username=nymn`;
 * `undefined` if it is none.
 */
export function parseLogLink(search: string): Route | undefined {
  const params = new URLSearchParams(search);
  const channel = (params.get("channel") ?? "").toLowerCase();
  if (!isChannelName(channel)) return undefined;
  const user = params.get("username") ?? "";
  if (user === "") return { ...START, view: "chat", channel };
  return { ...START, view: "search", channel, filter: { ...NO_FILTER, user } };
}

/** Ids of Twitch are UUIDs; only such as could be one are looked for. */
function parseLinked(id: string | null): string | undefined {
  return id !== null && /^[\w-]{0,64}$/.test(id) ? id : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // Not an address of this page.
  }
}

/** Writes an address, with the `#`. Undoes {@link parseRoute}. */
export function formatRoute(route: Route): string {
  const { view, channel, atUs, untilUs, filter } = route;
  if (view === "home") return "#/";
  if (view === "archives") return "#/archives";
  let text = `#/${view}`;
  if (channel === undefined) return text;
  text += `/${channel}`;
  if (view === "person") text += `/${encodeURIComponent(filter.user)}`;
  if (atUs !== undefined) text += `/${formatMoment(atUs)}`;
  if (atUs !== undefined && untilUs !== undefined) text += `~${formatMoment(untilUs)}`;
  const query = (PLAIN_VIEWS.has(view) ? plainQuery(route) : filterQuery(route)).toString();
  return query === "" ? text : `${text}?${query}`;
}

/** Views that no filter stands behind. */
const PLAIN_VIEWS: ReadonlySet<Route["view"]> = new Set(["timeline", "calendar", "person"]);

function plainQuery({ view, peer = "" }: Route): URLSearchParams {
  return new URLSearchParams(view === "calendar" && peer !== "" ? { peer } : {});
}

function filterQuery({ view, atUs, linked, videoUs, filter }: Route): URLSearchParams {
  const params = new URLSearchParams();
  if (atUs !== undefined && linked !== undefined) params.set("id", linked);
  if (filter.text !== "") params.set("text", filter.text);
  if (filter.text !== "" && filter.isRegex) params.set("regex", "");
  if (filter.user !== "") params.set("user", filter.user);
  if (filter.command !== "") params.set("command", filter.command);
  if (filter.removed !== undefined) params.set("removed", filter.removed);
  if (filter.thread && view === "chat") params.set("thread", filter.thread);
  if (videoUs !== undefined && view === "chat") params.set("video", formatMoment(videoUs));
  return params;
}

/** `2019-09-15T00:01:23.456Z`: to the millisecond, as Twitch gives times. */
export function formatMoment(timeUs: Micros): string {
  return new Date(Math.floor(timeUs / 1000)).toISOString();
}

/** Reads a date, or a date and time of UTC; `undefined` if it is none. */
function parseMoment(text: string | undefined): Micros | undefined {
  if (
    text === undefined || !/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z?)?$/.test(text)
  ) {
    return undefined;
  }
  const ms = Date.parse(text.length === 10 || text.endsWith("Z") ? text : `${text}Z`);
  const timeUs = ms * 1000;
  return timeUs >= 0 && timeUs < TIME_END_US ? timeUs : undefined;
}
