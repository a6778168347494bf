import { collect } from "../../async/collect.ts";
import { Coalescer } from "../../async/coalescer.ts";
import { isChannelName } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { Lru } from "../../core/lru.ts";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import { HOUR_US, type Micros, MINUTE_US, SECOND_US, TIME_END_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SharedChatReader } from "../api/chat/shared_chat_reader.ts";
import { hoursWithChat } from "./hours_with_chat.ts";
import type { ChannelSpan, MinuteFinder, RoomName } from "./minute_finder.ts";

/** A channel's chat, under all logins that it bore. */
export interface Room {
  /** The `room-id`; `""` if its messages tell none. */
  readonly id: string;
  /** Its newest login. */
  readonly login: string;
  /** When it bore which login, to the hour; ascending by the end. */
  readonly spans: readonly ChannelSpan[];
}

/** What a {@link RoomDirectory} works with. */
export interface RoomDirectoryOptions {
  readonly store: BatchStore;
  readonly reader: SharedChatReader;
  readonly clock: Clock;
  readonly finder?: MinuteFinder | undefined;
}

/** After this time the rooms are read again, by the next question; which is answered by those known so far … */
const FRESH_US = 5 * SECOND_US;
/** … unless they are older than this, as long as caches may keep the list, or lack what it asks for. */
const USABLE_US = 600 * SECOND_US;
/** With thousands of channels reading takes seconds: it takes this part of the time at most. */
const LOAD_SHARE = 1 / 20;

/** The rooms as they were read. */
interface Known {
  readonly rooms: readonly Room[];
  readonly byId: ReadonlyMap<string, Room>;
  readonly byLogin: ReadonlyMap<string, Room>;
  readonly atUs: Micros;
  /** How old they may be before they are read again. */
  readonly freshUs: Micros;
}

/** In how many hours at the edge of a channel's time a room-id is looked for. */
const HOURS_LOOKED_AT = 24;

const HOURS_KNOWN_MAX = 20_000;

/**
 * Which rooms an archive holds. A channel's folder is named by its login; the tag `room-id` of the messages in
 * it tells which folders are one room.
 *
 * Without an index the ids are read at both ends of a folder's time, and where they differ, halfway between until the
 * hour is found at which the login changed hands. One that changed hands and came back in between is taken for one
 * room; lines are told apart by their own tag in any case.
 */
export class RoomDirectory {
  readonly #options: RoomDirectoryOptions;
  readonly #loading = new Coalescer<Known>();
  readonly #idOfHour = new Lru<string, string>({ countMax: HOURS_KNOWN_MAX });
  #known: Known | undefined;
  #first: Promise<Known> | undefined;
  #isRefreshing = false;

  /** Reads nothing before it is asked. */
  constructor(options: RoomDirectoryOptions) {
    this.#options = options;
  }

  /**
   * Reads the rooms before any question needs them. Questions that come meanwhile wait for it.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async warmUp(abort: AbortOptions = {}): Promise<void> {
    if (this.#known === undefined) await this.#loadFirst(abort);
  }

  /**
   * All rooms, ascending by login; ten minutes old at most, and not older than the last question.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async all(): Promise<readonly Room[]> {
    return (await this.#current()).rooms;
  }

  /** The room that bore a login last; `undefined` if no message is of such a channel. */
  async byLogin(login: string): Promise<Room | undefined> {
    return await this.#find(({ byLogin }) => byLogin.get(login)) ?? await this.#newcomer(login);
  }

  /** The room with an id. */
  byId(id: string): Promise<Room | undefined> {
    return this.#find(({ byId }) => byId.get(id));
  }

  async #current(): Promise<Known> {
    const known = this.#known;
    if (known === undefined) return await this.#loadFirst();
    const ageUs = this.#options.clock.elapsedUs() - known.atUs;
    if (ageUs < known.freshUs) return known;
    if (ageUs >= USABLE_US) return await this.#load();
    // Once at a time: more questions come while it runs. The next one tries again if it fails.
    if (!this.#isRefreshing) {
      this.#isRefreshing = true;
      this.#load().catch(() => {}).finally(() => this.#isRefreshing = false);
    }
    return known;
  }

  #loadFirst(abort?: AbortOptions): Promise<Known> {
    const forget = () => this.#first = undefined;
    if (this.#first === undefined) {
      this.#first = this.#load(abort);
      this.#first.then(forget, forget);
    }
    return this.#first;
  }

  #load(abort: AbortOptions = {}): Promise<Known> {
    const { clock } = this.#options;
    return this.#loading.run("", async () => {
      const atUs = clock.elapsedUs();
      const rooms = toRooms(await this.#names(abort));
      const tookUs = clock.elapsedUs() - atUs;
      return this.#known = {
        rooms,
        byId: new Map(rooms.flatMap((room) => room.id === "" ? [] : [[room.id, room]])),
        byLogin: lastBearers(rooms),
        atUs,
        freshUs: Math.max(FRESH_US, tookUs / LOAD_SHARE),
      };
    });
  }

  /** What `find` finds among the rooms; among those of now if these were read a while ago and lack it. */
  async #find(find: (known: Known) => Room | undefined): Promise<Room | undefined> {
    const found = find(await this.#current());
    if (found !== undefined) return found;
    const { clock } = this.#options;
    const known = this.#known;
    const isFresh = known !== undefined && clock.elapsedUs() - known.atUs < known.freshUs;
    return isFresh ? undefined : find(await this.#load());
  }

  /** The room of a channel that was not there when the rooms were read: its own folder tells the id. */
  async #newcomer(login: string): Promise<Room | undefined> {
    if (!isChannelName(login)) return undefined;
    const hours = await hoursWithChat(login, this.#options);
    if (hours.length === 0) return undefined;
    const id = await this.#nearest(login, [...hours].reverse());
    const span = { channel: login, fromUs: 0, untilUs: TIME_END_US };
    return { id, login, spans: [...this.#known?.byId.get(id)?.spans ?? [], span] };
  }

  async #names(abort: AbortOptions): Promise<RoomName[]> {
    const { store, finder } = this.#options;
    const names: RoomName[] = [];
    const indexed = await this.#indexed(finder, abort);
    const [found, unread] = [byChannel(indexed?.found ?? []), byChannel(indexed?.gaps ?? [])];
    const channels = await collect(store.folders(""));
    for (const channel of channels.filter(isChannelName)) {
      abort.signal?.throwIfAborted();
      names.push(...found.get(channel) ?? []);
      const gaps = indexed === undefined
        ? [{ fromUs: 0, untilUs: TIME_END_US }]
        : unread.get(channel) ?? [];
      const hours = gaps.length === 0 ? [] : await hoursWithChat(channel, this.#options);
      for (const { fromUs, untilUs } of gaps) {
        const unread = hours.filter((us) => us + HOUR_US > fromUs && us < untilUs);
        names.push(...await this.#read(channel, unread));
      }
    }
    return names;
  }

  async #indexed(finder: MinuteFinder | undefined, abort: AbortOptions) {
    try {
      return await finder?.rooms(abort);
    } catch (error) {
      if (error instanceof ChatloomError) return undefined; // The archive knows it too.
      throw error;
    }
  }

  /** The names that hours in ascending order tell: by their first and last, and halfway between if these differ. */
  async #read(channel: string, hours: readonly Micros[]): Promise<RoomName[]> {
    if (hours.length === 0) return [];
    const first = await this.#nearest(channel, hours);
    const last = await this.#nearest(channel, [...hours].reverse());
    const name = (roomId: string, fromUs: Micros, lastUs: Micros): RoomName => ({
      channel,
      roomId,
      firstUs: fromUs,
      lastUs: lastUs + HOUR_US - 1,
    });
    const [fromUs, untilUs] = [hours[0]!, hours.at(-1)!];
    if (first === last) return [name(first, fromUs, untilUs)];
    let [low, high] = [0, hours.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const id = await this.#nearest(channel, hours.slice(middle, high));
      if (id === first) low = middle;
      else high = middle;
    }
    // In the hour of the change there may be lines of both.
    return [name(first, fromUs, hours[high]!), name(last, hours[low]!, untilUs)];
  }

  /** The id in the first of these hours that has one, or in one soon after; else `""`. */
  async #nearest(channel: string, hours: readonly Micros[]): Promise<string> {
    for (const hourUs of hours.slice(0, HOURS_LOOKED_AT)) {
      const id = await this.#idIn(channel, hourUs);
      if (id !== "") return id;
    }
    return "";
  }

  async #idIn(channel: string, hourUs: Micros): Promise<string> {
    const key = `${channel} ${hourUs}`;
    const known = this.#idOfHour.get(key);
    if (known !== undefined) return known;
    const range = { startUs: hourUs, endUs: hourUs + HOUR_US, isReversed: false };
    for await (const { bytes } of (await this.#options.reader.read(channel, range)).minutes) {
      const id = roomIdIn(bytes);
      if (id === "") continue;
      this.#idOfHour.set(key, id);
      return id;
    }
    // More may come into the hour of now, so only what is long over is known to be without.
    const isOver = this.#options.clock.wallUs() - hourUs > 2 * HOUR_US + MINUTE_US;
    if (isOver) this.#idOfHour.set(key, "");
    return "";
  }
}

function byChannel<T extends { readonly channel: string }>(all: readonly T[]): Map<string, T[]> {
  const sorted = new Map<string, T[]>();
  for (const each of all) {
    const known = sorted.get(each.channel);
    if (known === undefined) sorted.set(each.channel, [each]);
    else known.push(each);
  }
  return sorted;
}

/** Which room bore each login last. */
function lastBearers(rooms: readonly Room[]): Map<string, Room> {
  const found = new Map<string, { readonly room: Room; readonly span: ChannelSpan }>();
  for (const room of rooms) {
    for (const span of room.spans) {
      const known = found.get(span.channel);
      // In the hour of a change both bore it: the one that came later still does.
      const isLater = known === undefined || span.untilUs > known.span.untilUs ||
        (span.untilUs === known.span.untilUs && span.fromUs > known.span.fromUs);
      if (isLater) found.set(span.channel, { room, span });
    }
  }
  return new Map([...found].map(([login, { room }]) => [login, room]));
}

const ASCII = new TextDecoder("latin1");

/** The room-id of the first line that has one. */
function roomIdIn(bytes: Uint8Array): string {
  const text = ASCII.decode(bytes);
  for (let at = text.indexOf('"room-id":"'); at !== -1; at = text.indexOf('"room-id":"', at + 1)) {
    const from = text.lastIndexOf("\n", at) + 1;
    const id = parseCanonicalLine(text.slice(from, text.indexOf("\n", at))).tags?.["room-id"];
    if (id !== undefined && id !== "") return id;
  }
  return "";
}

/** Joins names of one id; a folder whose messages tell no id is a room of its own. */
function toRooms(names: readonly RoomName[]): Room[] {
  const byRoom = new Map<string, Map<string, ChannelSpan>>();
  const idsOf = new Map<string, Set<string>>();
  const withId = new Set(names.filter(({ roomId }) => roomId !== "").map((name) => name.channel));
  for (const { channel, roomId, firstUs, lastUs } of names) {
    // Hours without any id beside others of the same folder belong to these.
    if (roomId === "" && withId.has(channel)) continue;
    idsOf.set(channel, (idsOf.get(channel) ?? new Set()).add(roomId));
    const key = roomId === "" ? ` ${channel}` : roomId;
    const spans = byRoom.get(key) ?? new Map<string, ChannelSpan>();
    byRoom.set(key, spans);
    const known = spans.get(channel);
    spans.set(channel, {
      channel,
      fromUs: Math.min(known?.fromUs ?? TIME_END_US, firstUs - firstUs % HOUR_US),
      untilUs: Math.max(known?.untilUs ?? 0, lastUs - lastUs % HOUR_US + HOUR_US),
    });
  }
  const rooms = [...byRoom].map(([key, spans]): Room => {
    const sorted = [...spans.values()].sort((a, b) => a.untilUs - b.untilUs);
    return {
      id: key.startsWith(" ") ? "" : key,
      login: sorted.at(-1)!.channel,
      spans: onlyRoom(sorted, idsOf),
    };
  });
  return rooms.sort((a, b) => a.login < b.login ? -1 : 1);
}

/** A folder that only this room has is read whole: also what no message tells an id for. */
function onlyRoom(
  spans: readonly ChannelSpan[],
  idsOf: ReadonlyMap<string, ReadonlySet<string>>,
): ChannelSpan[] {
  return spans.map((span) =>
    idsOf.get(span.channel)!.size > 1
      ? span
      : { channel: span.channel, fromUs: 0, untilUs: TIME_END_US }
  );
}
