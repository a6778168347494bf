/**
 * The HTTP API of a node, as routes for any router:
 *
 *     GET /files                                        channels
 *     GET /files/CHANNEL                                ["chat"]
 *     GET /files/CHANNEL/chat                           hours
 *     GET /files/CHANNEL/chat/HOUR[?tombstones=true]    names of batches, and of tombstones
 *     GET /files/CHANNEL/.chatloom/redactions           names of redactions
 *     GET /files/CHANNEL/.chatloom/coverage             hours
 *     GET /files/CHANNEL/.chatloom/coverage/HOUR        names of files of coverage
 *     GET /segments/KEY                                 bytes of any of these files
 *     GET /digests[?since=HOUR]                         {channel: digest}
 *     GET /digests/CHANNEL[?since=HOUR]                 {digest, redactions, hours, coverage}
 *     GET /CHANNEL/chat.json?start&end                  a list of messages, at most 2 h
 *     GET /CHANNEL/chat.ndjson[?start&end]              a line for each message, any range
 *     GET /CHANNEL/chat.export?format&start&end[&video] a range as a file for other tools, at most 31 days
 *     GET /live?channel=a,b[&after=ID]                  messages as they come, as server-sent events
 *     GET /CHANNEL/coverage.json?start&end              who listened, minute by minute, at most 24 h
 *         both: &format=json|text &limit=N &reverse=true &user=a,b &command=PRIVMSG,…
 *     GET /CHANNEL/hours.json[?start&end]               messages and listened seconds of each hour
 *     GET /peers.json, /CHANNEL/compare.json?peer       what only this node or a peer has, hour by hour
 *     GET /CHANNEL/search.json[?q|regex&user&command]   found messages, newest first, by the index
 *     GET /overview.json?channel=a,b                    last message, messages a day, gaps of channels
 *     GET /channels, /list, /capabilities               as rustlog and justlog answer, with their forms
 *     GET /channel/C[/Y/M/D]                            lines of a channel: of a range, of a day
 *     GET /channel/C/user/U[/Y/M]                       lines of a user: of a range, of a month
 *     GET /channel/C/random, /channel/C/stats, /channel/C/search
 *     GET /channel/C/user/U/random, /channel/C/user/U/stats, /channel/C/user/U/search
 *         all also as /channelid/ID and /userid/ID
 *     GET /namehistory/ID                               logins of a user, if the operator wants it
 *     GET /search                                       several channels, if the operator wants it
 *     GET /api/v2/recent-messages/LOGIN                 the newest messages, as Chatterino asks for them
 *     GET /media/HASH, /emotes/twitch/ID                pictures that chat showed, as far as saved
 *     GET /CHANNEL/emotes.json[?at]                     emotes of other providers at a time
 *     GET /metrics, /healthz, /openapi.json
 *     GET /debug/state, GET and PUT /debug/log-level    for the operator
 *     POST /admin/channels                              records channels, with a key; DELETE ends it
 *     POST /optout                                      a code to say in chat, if the operator offers it
 *     POST /optout/export                               a code to say in chat, and a secret link
 *     GET /optout/export/TOKEN[?channel]                what the speaker of the code wrote
 *     GET /extras/DIR                                   []
 *
 * `/files`, `/segments` and chat.json answer as the restreamer of wubloader does. Redactions are also
 * where nodes of chatloom's first version look for them: `redactions` in the place of an hour of chat.
 *
 * @module
 */
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { BodyCoder, HttpRoute } from "../../ports/http.ts";
import type { MediaStore } from "../../ports/media/media_store.ts";
import type { Peer } from "../../ports/peer.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Random } from "../../ports/random.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { faultsOf } from "../read/files/fault_reporter.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
import { textResponse } from "./route/api_response.ts";
import type { ApiRoute } from "./route/api_route.ts";
import { chatRoutes } from "./routes/chat_routes.ts";
import { ChatLog } from "../logs/chat_log.ts";
import type { MinuteFinder } from "../logs/minute_finder.ts";
import { NO_OPT_OUTS, type OptOuts } from "../optout/opt_outs.ts";
import type { Micros } from "../../core/time.ts";
import { allLogRoutes } from "./logs/all_log_routes.ts";
import type { LogApiOptions } from "./logs/log_context.ts";
import { wrongWordRoutes } from "./logs/wrong_words.ts";
import { storeWithoutOptedOut } from "../optout/store_without_opted_out.ts";
import { optedOutMessages, refuseOptedOut } from "./optout/refuse_opted_out.ts";
import { SharedChatReader } from "./chat/shared_chat_reader.ts";
import { type AdminOptions, adminRoutes } from "./routes/admin_routes.ts";
import { compareRoutes } from "./peers/compare_routes.ts";
import { coverageRoute } from "./routes/coverage_route.ts";
import { digestRoutes } from "./routes/digest_routes.ts";
import { exportRoute } from "./routes/export_route.ts";
import { fileRoutes } from "./routes/file_route.ts";
import { type Access, DEFAULT_ACCESS } from "./gate/access.ts";
import { isForAnyPage, preflightAnswer } from "./gate/cross_origin.ts";
import { DEFAULT_LIMITS, Gate, type GateLimits } from "./gate/gate.ts";
import { mediaRoutes } from "./routes/media_routes.ts";
import { hoursRoute } from "./routes/hours_route.ts";
import { overviewRoute } from "./routes/overview_route.ts";
import { listingRoutes } from "./routes/listing_routes.ts";
import { LiveFeed } from "../live/live_feed.ts";
import { RedactionWatch } from "../live/redaction_watch.ts";
import { replaySource } from "../live/replay.ts";
import { liveRoute } from "./routes/live_route.ts";
import { NOWHERE } from "./routes/nowhere.ts";
import { openApiRoute } from "./open_api.ts";
import { type OperatorOptions, operatorRoutes } from "./routes/operator_routes.ts";
import { ServableFiles } from "./files/servable_files.ts";

/** What {@link nodeApi} works with. */
export interface NodeApiOptions extends OperatorOptions {
  /** The archive. */
  readonly store: BatchStore;
  /**
   * The archive with what is not stored yet, for routes that give chat. Its batches that are no files
   * are never listed or served as such. @default `store`
   */
  readonly chatStore?: BatchStore | undefined;
  /** Narrows questions about logs to minutes, by an index. @default all are read */
  readonly finder?: MinuteFinder | undefined;
  /** Who is left out of logs. @default no user and no channel */
  readonly optOuts?: OptOuts | undefined;
  /** How long a log may be read without finding anything, in microseconds. @default 30 s */
  readonly scanMaxUs?: Micros | undefined;
  /** What the operator decides about log routes. */
  readonly logs?: LogApiOptions | undefined;
  /** Messages as they come. @default a feed in which none come */
  readonly feed?: LiveFeed | undefined;
  /** Checks files before they are served. */
  readonly hasher: Hasher;
  /** Measures rates, and slow callers. */
  readonly clock: Clock;
  /** Tells this process from others that serve the same archive. */
  readonly random: Random;
  /** Takes failures and counts. */
  readonly reporter: Reporter;
  /** Measures requests. */
  readonly metrics: Metrics;
  /** The version of chatloom. */
  readonly version: string;
  /** Who has access; a function is asked at each request. @default {@link DEFAULT_ACCESS} */
  readonly access?: Partial<Access> | (() => Partial<Access>) | undefined;
  /** Proxies whose `X-Forwarded-For` counts: addresses, or `loopback`. @default none */
  readonly trustedProxies?: readonly string[];
  /** The limits on callers; a function is asked at each request. @default {@link DEFAULT_LIMITS} */
  readonly limits?: Partial<GateLimits> | (() => Partial<GateLimits>);
  /** Where is noted which hours are settled: their chat is read by checking hashes alone. */
  readonly settled?: SettledNotes | undefined;
  /** How bodies may be compressed, the best first. @default gzip, by the runtime's own streams */
  readonly coders?: readonly BodyCoder[] | undefined;
  /** How much chat is held for the next readers, in bytes. @default 33554432 */
  readonly cacheMaxBytes?: number;
  /** Pictures that chat shows. @default no route gives any */
  readonly media?: MediaStore | undefined;
  /** Changes which channels are recorded. @default no route does */
  readonly admin?: AdminOptions | undefined;
  /** The peers that readers may compare this archive with, asked at each request. @default no route tells of peers */
  readonly peers?: (() => readonly Peer[]) | undefined;
  /** Further routes, which go before all others. */
  readonly moreRoutes?: readonly ApiRoute[];
}

/** The last dozen minutes of a busy channel: readers of the same hours are rarely further apart. */
const CACHE_MAX_BYTES = 32 * 1024 * 1024;

/** What a node answers. */
export interface NodeApi {
  /** In the order in which a router must try them. */
  readonly routes: readonly HttpRoute[];
  /**
   * Reads what the first question about logs would wait for: which rooms the archive holds.
   *
   * @throws {ChatloomError} when the store fails.
   */
  warmUp(abort?: AbortOptions): Promise<void>;
}

/** The routes of a node. Nothing runs before a request comes, or `warmUp` is called. */
export function nodeApi(given: NodeApiOptions): NodeApi {
  const faults = faultsOf(given.reporter);
  const { optOuts = NO_OPT_OUTS } = given;
  const readable = (files: BatchStore) =>
    storeWithoutOptedOut(tolerantStore(files, (entry) => faults.tellFolder(entry)), optOuts);
  const store = readable(given.store);
  const options = { ...given, store };
  const chatStore = given.chatStore === undefined ? store : readable(given.chatStore);
  const { reporter, random, clock, metrics, version } = options;
  const gate = new Gate({
    ...options,
    access: asked(DEFAULT_ACCESS, options.access),
    limits: asked(DEFAULT_LIMITS, options.limits),
  });
  const reader = new SharedChatReader({
    ...options,
    store: chatStore,
    cacheMaxBytes: options.cacheMaxBytes ?? CACHE_MAX_BYTES,
    bootName: `${clock.wallUs()} ${random.next()}`,
  });
  const feed = options.feed ?? new LiveFeed(options);
  const redactions = new RedactionWatch(options);
  const log = new ChatLog({ ...options, store: chatStore, reader });
  metrics.gauge("chat_cache_bytes", () => [{ value: reader.heldBytes }]);
  const state = () => ({
    ...options.state?.(),
    http: { runningRequests: gate.running, heldChatBytes: reader.heldBytes },
  });
  const loginOf = async (id: string) => (await log.rooms.byId(id))?.login;
  const open: ApiRoute[] = [
    ...options.moreRoutes ?? [],
    ...options.admin === undefined ? [] : adminRoutes({ ...options, ...options.admin, loginOf }),
    ...operatorRoutes({ ...options, state }),
    ...listingRoutes(options),
    ...fileRoutes(new ServableFiles({ ...options, reporter })),
    ...digestRoutes(options),
    ...chatRoutes(reader, clock),
    exportRoute(reader, clock),
    liveRoute({
      feed,
      source: replaySource({ store: chatStore, reader, clock }),
      async redactionsOf(channel) {
        return optedOutMessages(channel, optOuts, await redactions.of(channel));
      },
    }),
    coverageRoute(options),
    ...options.media === undefined ? [] : mediaRoutes({ ...options, media: options.media }),
    hoursRoute(log),
    ...options.peers === undefined ? [] : compareRoutes({ ...options, peers: options.peers }),
    overviewRoute(log, { isRecording: options.logs?.isRecording }),
    ...allLogRoutes(log, options.logs ?? {}),
  ];
  const routes = open.map((route) => refuseOptedOut(route, { optOuts, rooms: log.rooms }));
  routes.unshift(openApiRoute(routes, { version }));
  const all = [
    ...routes,
    ...wrongMethods(routes),
    ...wrongWordRoutes(options.logs?.api),
    NOWHERE,
  ].flatMap((route) => {
    const slashed = { ...route, path: `${route.path}/` };
    return route.mayEndInSlash === true ? [route, slashed] : [route];
  });
  return {
    routes: all.map((route) => gate.guard(route)),
    warmUp: (abort) => log.rooms.warmUp(abort),
  };
}

/** Tells what holds now: `given`, and for what it leaves out the default. */
function asked<T extends object>(
  byDefault: T,
  given: Partial<T> | (() => Partial<T>) | undefined,
): () => T {
  if (typeof given === "function") return () => ({ ...byDefault, ...given() });
  const all = { ...byDefault, ...given };
  return () => all;
}

/** For each path the response to methods that it does not have. */
function wrongMethods(routes: readonly ApiRoute[]): ApiRoute[] {
  const byPath = new Map<string, ApiRoute[]>();
  for (const route of routes) {
    byPath.set(route.path, [...byPath.get(route.path) ?? [], route]);
  }
  return [...byPath].map(([path, known]) => {
    const reads = known.some(isForAnyPage);
    const methods = known.flatMap(({ method }) => method === "GET" ? ["GET", "HEAD"] : [method]);
    const allow = [...methods, ...(reads ? ["OPTIONS"] : [])].join(", ");
    return {
      ...NOWHERE,
      path,
      mayEndInSlash: known.some((route) => route.mayEndInSlash === true),
      isHiddenFromPages: !reads,
      answer: ({ request }) =>
        Promise.resolve(
          reads && request.method === "OPTIONS"
            ? preflightAnswer(allow)
            : textResponse(405, "No such method here", { allow }),
        ),
    };
  });
}
