import { type ComparedPart, readComparedPart } from "./json/compare_json.ts";
import { isChannelName, parseHour } from "../../../core/archive/archive_key.ts";
import { concatBytes, LINE_FEED } from "../../../core/bytes.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import { lineTime } from "../../../core/scan/line_time.ts";
import { readEventStream } from "../../http/event_stream.ts";
import { askNode, type NodeAddress } from "./ask_node.ts";
import { AskedAhead } from "./asked_ahead.ts";
import { type ChannelOverview, readOverview } from "./json/overview_json.ts";
import { type FoundPage, readFoundPage } from "./json/search_json.ts";
import { type NodeHour, readNodeHour } from "./json/hours_json.ts";
import {
  type PictureName,
  picturePath,
  readWordEmotes,
  type WordEmote,
} from "./json/word_emotes_json.ts";
import { type KnownNames, type PersonJson, readMonths, readNames } from "./json/person_json.ts";
import {
  CHANNELS_PATH,
  endOfMinutes,
  formatInstant,
  hoursPath,
  minutesPath,
  type WantedMinutes,
} from "./node_paths.ts";
import { parseJson } from "../../../core/json/parse_json.ts";
import { type Micros, minuteOf, TIME_END_US } from "../../../core/time.ts";

/** One minute of a channel, as one batch. */
interface NodeMinute {
  readonly minuteUs: Micros;
  readonly bytes: Uint8Array;
}

// The longest line seen on Twitch's wire has 1,746 bytes; escapes and receivers make it grow.
const LINE_MAX_BYTES = 4 * 1024 * 1024;
const JSON_MAX_BYTES = 64 * 1024 * 1024;
const PICTURE_MAX_BYTES = 16 * 1024 * 1024;
const MINUTE_MAX_BYTES = 256 * 1024 * 1024;

const REASON_MAX_LENGTH = 500;

/** What to search a channel for. Empty texts ask for nothing. */
export interface FoundPageQuery {
  readonly fromUs: Micros;
  readonly untilUs: Micros;
  /** Words, and phrases in quotes. */
  readonly q: string;
  /** A pattern instead. */
  readonly regex: string;
  readonly user: string;
  readonly command: string;
  /** Where the page before ended. */
  readonly cursor: string;
  readonly limit: number;
}

/** A minute in which a receiver listened. */
interface ListenedMinute {
  readonly minuteUs: Micros;
  readonly listenedS: number;
}

/** The chat of a node, by its HTTP API. */
export class NodeChat {
  readonly #address: NodeAddress;
  readonly #ahead = new AskedAhead();

  /** Asks the node at `address`. */
  constructor(address: NodeAddress) {
    this.#address = address;
  }

  /** Takes the response to `path`, which `ask` asks for, for the call that will need it. */
  askAhead(path: string, ask: (signal: AbortSignal) => Promise<Response>): void {
    this.#ahead.ask(path, ask);
  }

  /**
   * Its channels, sorted.
   *
   * @throws {ChatloomError} `PEER_REFUSED` or `CONNECTION_LOST`.
   */
  async channels(signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#names(CHANNELS_PATH, signal)).filter(isChannelName).sort();
  }

  /** The hours of a channel that have files, ascending. */
  async hours(channel: string, signal: AbortSignal): Promise<readonly Micros[]> {
    const names = await this.#names(hoursPath(channel), signal);
    return names.flatMap((name) => parseHour(name) ?? []).sort((a, b) => a - b);
  }

  /**
   * The minutes that hold messages, in order, as they come: from the one that holds `fromUs` on, and
   * that start before `untilUs`. Each is whole.
   *
   * @throws {ChatloomError} `PEER_REFUSED` or `CONNECTION_LOST`.
   */
  async *minutes(
    channel: string,
    { fromUs, untilUs, wanted }: WantedMinutes,
    signal: AbortSignal,
  ): AsyncGenerator<NodeMinute, void, undefined> {
    const firstUs = minuteOf(fromUs);
    if (endOfMinutes(untilUs) <= firstUs) return;
    const response = await this.#ask(minutesPath(channel, { fromUs, untilUs, wanted }), signal);
    this.#ahead.drop(CHANNELS_PATH, hoursPath(channel)); // Minutes of another view than came.
    let minute: { minuteUs: Micros; lines: Uint8Array[]; bytes: number } | undefined;
    for await (const line of linesOf(response)) {
      const minuteUs = minuteOfLine(line);
      // What began before and lasts until now stands in an earlier minute.
      if (minuteUs < firstUs) continue;
      if (minute !== undefined && minute.minuteUs > minuteUs) {
        throw refused(`${channel}: its messages are not in order`);
      }
      if (minute !== undefined && minute.minuteUs !== minuteUs) {
        yield { minuteUs: minute.minuteUs, bytes: concatBytes(minute.lines) };
        minute = undefined;
      }
      minute ??= { minuteUs, lines: [], bytes: 0 };
      minute.lines.push(line);
      minute.bytes += line.length;
      if (minute.bytes > MINUTE_MAX_BYTES) throw refused(`${channel}: a minute is too long`);
    }
    if (minute !== undefined) yield { minuteUs: minute.minuteUs, bytes: concatBytes(minute.lines) };
  }

  /**
   * The minutes within a span of at most a day in which a receiver is known to have listened, in
   * order; none if the node does not tell.
   *
   * @throws {ChatloomError} `PEER_REFUSED` or `CONNECTION_LOST`.
   */
  async coverage(
    channel: string,
    { fromUs, untilUs }: { readonly fromUs: Micros; readonly untilUs: Micros },
    signal: AbortSignal,
  ): Promise<readonly ListenedMinute[]> {
    const query = `start=${formatInstant(fromUs)}&end=${formatInstant(untilUs)}`;
    const path = `${channel}/coverage.json?${query}`;
    let minutes: unknown;
    try {
      minutes = await this.#json(path, signal);
    } catch (error) {
      if (error instanceof NodeRefusal && error.status === 404) return []; // Nodes of the first version.
      throw error;
    }
    if (!Array.isArray(minutes)) throw refused(`"${path}" is no list of minutes`);
    return minutes.flatMap((each) => readListened(each) ?? []).filter(({ minuteUs }) =>
      minuteUs >= fromUs && minuteUs < untilUs
    );
  }

  /**
   * Messages of a channel as the node receives them, as lines of canonical JSON, some at a time. Ends when the
   * node ends the feed.
   *
   * @throws {ChatloomError} `PEER_REFUSED`, also of a node that has no feed, or `CONNECTION_LOST`.
   */
  async *follow(
    channel: string,
    signal: AbortSignal,
  ): AsyncGenerator<readonly string[], void, undefined> {
    const response = await this.#ask(`live?channel=${channel}`, signal);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      await response.body?.cancel();
      throw refused("it has no feed");
    }
    for await (const events of readEventStream(partsOf(response))) {
      // After `missed` the caller reads the minutes again.
      if (events.some(({ event }) => event !== "")) throw refused("it could not keep up");
      yield events.map(({ data }) => data);
    }
  }

  /**
   * What a reader wants to know of channels before opening one; at most 50. None of nodes that do not tell.
   *
   * @throws {ChatloomError} `PEER_REFUSED` or `CONNECTION_LOST`.
   */
  async overview(
    channels: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ChannelOverview[]> {
    let list: unknown;
    try {
      list = await this.#json(`overview.json?channel=${channels.join()}`, signal);
    } catch (error) {
      if (error instanceof NodeRefusal && error.status === 404) return [];
      throw error;
    }
    if (!Array.isArray(list)) throw refused("its overview is no list");
    return list.flatMap((each) => readOverview(each) ?? []);
  }

  /**
   * The hours of a span that have chat or coverage, with their figures, ascending, at once.
   *
   * @throws {ChatloomError} `PEER_REFUSED`, also of a node that does not tell, or `CONNECTION_LOST`.
   */
  async *figures(
    channel: string,
    { fromUs, untilUs }: { readonly fromUs: Micros; readonly untilUs: Micros },
    signal: AbortSignal,
  ): AsyncGenerator<readonly NodeHour[], void, undefined> {
    const query = `start=${formatInstant(fromUs)}&end=${formatInstant(untilUs)}`;
    const path = `${channel}/hours.json?${query}`;
    const hours = await this.#json(path, signal);
    if (!Array.isArray(hours)) throw refused(`"${path}" is no list of hours`);
    yield hours.flatMap((each) => readNodeHour(each) ?? []).sort((a, b) => a.hourUs - b.hourUs);
  }

  /**
   * The names of the peers that it can be compared with; none of nodes that compare with none.
   *
   * @throws {ChatloomError} `PEER_REFUSED` or `CONNECTION_LOST`.
   */
  async peers(signal: AbortSignal): Promise<readonly string[]> {
    try {
      const names = await this.#json("peers.json", signal);
      return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
    } catch (error) {
      if (error instanceof NodeRefusal && error.status === 404) return [];
      throw error;
    }
  }

  /**
   * The hours of a span, latest first, of which it and a peer have different files; a part, if they are many.
   *
   * @throws {ChatloomError} `PEER_REFUSED`, with the node's reason, or `CONNECTION_LOST`.
   */
  async compare(
    channel: string,
    { peer, fromUs, untilUs }: {
      readonly peer: string;
      readonly fromUs: Micros;
      readonly untilUs: Micros;
    },
    signal: AbortSignal,
  ): Promise<ComparedPart> {
    const query = new URLSearchParams({
      peer,
      start: formatInstant(fromUs),
      end: formatInstant(untilUs),
    });
    const part = readComparedPart(await this.#json(`${channel}/compare.json?${query}`, signal));
    if (part === undefined) throw refused("its comparison cannot be read");
    if (part.nextUs !== undefined && part.nextUs >= untilUs) {
      throw refused("its comparison does not go on");
    }
    return part;
  }

  /**
   * The words that a channel showed as pictures at a time; none of nodes that save no pictures.
   *
   * @throws {ChatloomError} `PEER_REFUSED` or `CONNECTION_LOST`.
   */
  async emotes(channel: string, atUs: Micros, signal: AbortSignal): Promise<readonly WordEmote[]> {
    try {
      return readWordEmotes(
        await this.#json(`${channel}/emotes.json?at=${formatInstant(atUs)}`, signal),
      );
    } catch (error) {
      if (error instanceof NodeRefusal && error.status === 404) return [];
      throw error;
    }
  }

  /**
   * A picture that the node saved; `undefined` if it has none of that name.
   *
   * @throws {ChatloomError} `PEER_REFUSED` or `CONNECTION_LOST`.
   */
  async picture(name: PictureName, signal: AbortSignal): Promise<Blob | undefined> {
    const path = picturePath(name);
    if (path === undefined) return undefined;
    try {
      const response = await this.#ask(path, signal);
      const type = response.headers.get("content-type") ?? "";
      const bytes = await this.#body(path, response, PICTURE_MAX_BYTES);
      return /^image\/(?:avif|gif|jpeg|png|webp)$/.test(type)
        ? new Blob([bytes.slice()], { type })
        : undefined;
    } catch (error) {
      if (error instanceof NodeRefusal && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * In which months a user wrote, and the user's names where the operator tells them; `undefined` for what the node
   * does not tell.
   *
   * @param user A login, or ids and logins as a filter has them: the first id decides.
   * @throws {ChatloomError} `PEER_REFUSED` or `CONNECTION_LOST`.
   */
  async person(channel: string, user: string, signal: AbortSignal): Promise<PersonJson> {
    const names = user.split(",").map((name) => name.trim().replace(/^@/, "").toLowerCase());
    const id = names.find((name) => name.startsWith("id:"))?.slice(3);
    const query = new URLSearchParams({
      channel,
      ...id ? { userid: id } : { user: names[0] ?? "" },
    });
    const [months, capabilities] = await Promise.all([
      this.#told(`list?${query}`, signal),
      this.#told("capabilities", signal),
    ]);
    const tellsNames = id && Array.isArray(capabilities) && capabilities.includes("namehistory");
    return {
      months: readMonths(months),
      names: tellsNames ? readNames(await this.#told(`namehistory/${id}`, signal)) : undefined,
    };
  }

  /**
   * All names of the user who bore a login last in a channel, and the id that they have in common; `undefined` where
   * the operator does not tell them, or the node does not know the user.
   *
   * @throws {ChatloomError} `PEER_REFUSED` or `CONNECTION_LOST`.
   */
  async namesOf(
    channel: string,
    login: string,
    signal: AbortSignal,
  ): Promise<KnownNames | undefined> {
    const capabilities = await this.#told("capabilities", signal);
    if (!Array.isArray(capabilities) || !capabilities.includes("namehistory")) return undefined;
    const command = "PRIVMSG";
    const newest = { q: "", regex: "", user: login, command, cursor: "", limit: 1 };
    const page = await this.search(channel, { fromUs: 0, untilUs: TIME_END_US, ...newest }, signal);
    const [message] = page?.messages ?? [];
    const id = message?.tags?.["user-id"] ?? "";
    if (message?.sender !== login || !/^\d{1,20}$/.test(id)) return undefined;
    const names = readNames(await this.#told(`namehistory/${id}`, signal));
    return names === undefined ? undefined : { id, names };
  }

  /**
   * A page of the messages of a span that meet a search, newest first; `undefined` of nodes that have no search.
   *
   * @throws {ChatloomError} `PEER_REFUSED`, with the node's reason, or `CONNECTION_LOST`.
   */
  async search(
    channel: string,
    { fromUs, untilUs, limit, ...asked }: FoundPageQuery,
    signal: AbortSignal,
  ): Promise<FoundPage | undefined> {
    const query = new URLSearchParams({ limit: `${limit}` });
    for (const [name, text] of Object.entries(asked)) if (text !== "") query.set(name, text);
    if (fromUs > 0) query.set("start", formatInstant(fromUs));
    if (untilUs < TIME_END_US) query.set("end", formatInstant(untilUs));
    const path = `${channel}/search.json?${query}`;
    let found: unknown;
    try {
      found = await this.#json(path, signal);
    } catch (error) {
      if (error instanceof NodeRefusal && error.status === 404) return undefined;
      throw error;
    }
    const page = readFoundPage(found);
    if (page === undefined) throw refused(`"${path}" is no page of messages`);
    return page;
  }

  /** The JSON that `path` gives; `undefined` where the node refuses. */
  async #told(path: string, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#json(path, signal);
    } catch (error) {
      if (error instanceof NodeRefusal) return undefined; // Not told, or opted out.
      throw error;
    }
  }

  async #names(path: string, signal: AbortSignal): Promise<string[]> {
    const names = await this.#json(path, signal);
    if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
      throw refused(`"${path}" is no list of names`);
    }
    return names;
  }

  /** The JSON that `path` gives; `undefined` if it is none. */
  async #json(path: string, signal: AbortSignal): Promise<unknown> {
    const response = await this.#ask(path, signal);
    const bytes = await this.#body(path, response, JSON_MAX_BYTES);
    try {
      return parseJson(new TextDecoder().decode(bytes));
    } catch {
      return undefined;
    }
  }

  async #body(
    path: string,
    response: Response,
    maxBytes: number,
  ): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of partsOf(response)) {
      length += part.length;
      if (length > maxBytes) throw refused(`"${path}" is too long`);
      parts.push(part);
    }
    return concatBytes(parts);
  }

  async #ask(path: string, signal: AbortSignal): Promise<Response> {
    const response = await (this.#ahead.take(path, signal) ?? this.#fetch(path, signal));
    if (!response.ok) throw refused(await reasonIn(response, path), response.status);
    return response;
  }

  async #fetch(path: string, signal: AbortSignal): Promise<Response> {
    try {
      return await askNode(this.#address, path, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new ChatloomError("CONNECTION_LOST", `Cannot reach the node: ${path}`, { cause });
    }
  }
}

/** The node refused. */
export class NodeRefusal extends ChatloomError {
  /** The status of its response, if there was one. */
  readonly status: number | undefined;

  /** A refusal with its reason. */
  constructor(reason: string, status: number | undefined) {
    super("PEER_REFUSED", `Cannot read from the node: ${reason}`);
    this.status = status;
  }
}

function refused(reason: string, status?: number): NodeRefusal {
  return new NodeRefusal(reason, status);
}

/** What a node says of a request that it refuses: its own reason, if it is short. */
async function reasonIn(response: Response, path: string): Promise<string> {
  const plain = `"${path}" gives ${response.status}`;
  let reason = "";
  // Reasons are text that helps the reader of the page where they can mend the request.
  const isMendable = response.status === 400 || response.status === 503;
  if (!isMendable || !response.headers.get("content-type")?.startsWith("text/plain")) {
    await response.body?.cancel();
    return plain;
  }
  for await (const part of partsOf(response)) {
    reason += new TextDecoder().decode(part);
    if (reason.length > REASON_MAX_LENGTH) return plain;
  }
  return reason.trim() || plain;
}

function minuteOfLine(line: Uint8Array): Micros {
  let minuteUs = NaN;
  try {
    minuteUs = minuteOf(lineTime(line).startUs);
  } catch {
    // Not JSON: refused below.
  }
  if (!(minuteUs >= 0)) throw refused("a line is no message");
  return minuteUs;
}

/** A minute of `coverage.json`; `undefined` if no receiver listened in it, or it is none. */
function readListened(value: unknown): ListenedMinute | undefined {
  const { minute, uncovered_seconds: uncoveredS } = (value ?? {}) as { [field: string]: unknown };
  if (typeof minute !== "string" || typeof uncoveredS !== "number") return undefined;
  const minuteUs = minuteOf(Date.parse(`${minute}:00Z`) * 1000);
  const listenedS = 60 - uncoveredS;
  return minuteUs >= 0 && listenedS > 0 ? { minuteUs, listenedS } : undefined;
}

/** The chunks of a body. */
async function* partsOf(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  } finally {
    await reader.cancel().catch(() => {}); // The failure has been thrown already.
  }
}

/** The lines of a body, each with its line feed. */
async function* linesOf(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
  let rest: Uint8Array = new Uint8Array();
  for await (const part of partsOf(response)) {
    let bytes = rest.length === 0 ? part : concatBytes([rest, part]);
    for (let feed = bytes.indexOf(LINE_FEED); feed !== -1; feed = bytes.indexOf(LINE_FEED)) {
      yield bytes.subarray(0, feed + 1);
      bytes = bytes.subarray(feed + 1);
    }
    rest = bytes;
    if (rest.length > LINE_MAX_BYTES) throw refused("a line is too long");
  }
  if (rest.length > 0) throw refused("it ends midway");
}
