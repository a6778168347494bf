import { collect } from "../../async/collect.ts";
import { Coalescer } from "../../async/coalescer.ts";
import { chatFolder, isChannelName, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { Lru } from "../../core/lru.ts";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import { HOUR_US, type Micros, MINUTE_US, SECOND_US, TIME_END_US } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SharedChatReader } from "../api/chat/shared_chat_reader.ts";
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
/** … unless they are older than this, or lack what it asks for. */
const USABLE_US = 60 * SECOND_US;

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
  readonly #loading = new Coalescer<readonly Room[]>();
  readonly #idOfHour = new Lru<string, string>({ countMax: HOURS_KNOWN_MAX });
  #known: { readonly rooms: readonly Room[]; readonly atUs: Micros } | undefined;

  /** Reads nothing before it is asked. */
  constructor(options: RoomDirectoryOptions) {
    this.#options = options;
  }

  /**
   * All rooms, ascending by login; a minute old at most.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async all(): Promise<readonly Room[]> {
    const { clock } = this.#options;
    const known = this.#known;
    if (known === undefined) return await this.#load();
    const ageUs = clock.elapsedUs() - known.atUs;
    if (ageUs < FRESH_US) return known.rooms;
    const loading = this.#load();
    if (ageUs >= USABLE_US) return await loading;
    loading.catch(() => {}); // The next question tries again.
    return known.rooms;
  }

  #load(): Promise<readonly Room[]> {
    const { clock } = this.#options;
    return this.#loading.run("", async () => {
      const atUs = clock.elapsedUs();
      const rooms = toRooms(await this.#names());
      this.#known = { rooms, atUs };
      return rooms;
    });
  }

  /** What `find` finds among the rooms; among those of now if these were read a while ago and lack it. */
  async #find<T>(find: (rooms: readonly Room[]) => T | undefined): Promise<T | undefined> {
    const found = find(await this.all());
    if (found !== undefined) return found;
    const isFresh = this.#options.clock.elapsedUs() - (this.#known?.atUs ?? -Infinity) < FRESH_US;
    return isFresh ? undefined : find(await this.#load());
  }

  /** The room that bore a login last; `undefined` if no message is of such a channel. */
  byLogin(login: string): Promise<Room | undefined> {
    return this.#find((rooms) => lastBearer(rooms, login));
  }

  /** The room with an id. */
  byId(id: string): Promise<Room | undefined> {
    return this.#find((rooms) => rooms.find((room) => room.id === id && id !== ""));
  }

  async #names(): Promise<RoomName[]> {
    const { store, finder } = this.#options;
    const names: RoomName[] = [];
    const indexed = await this.#indexed(finder);
    const channels = await collect(store.folders(""));
    for (const channel of channels.filter(isChannelName)) {
      names.push(...indexed?.found.filter((name) => name.channel === channel) ?? []);
      const gaps = indexed === undefined
        ? [{ fromUs: 0, untilUs: TIME_END_US }]
        : indexed.gaps.filter((gap) => gap.channel === channel);
      const hours = gaps.length === 0 ? [] : await this.#hoursOf(channel);
      for (const { fromUs, untilUs } of gaps) {
        const unread = hours.filter((us) => us + HOUR_US > fromUs && us < untilUs);
        names.push(...await this.#read(channel, unread));
      }
    }
    return names;
  }

  async #indexed(finder: MinuteFinder | undefined) {
    try {
      return await finder?.rooms();
    } catch (error) {
      if (error instanceof ChatloomError) return undefined; // The archive knows it too.
      throw error;
    }
  }

  async #hoursOf(channel: string): Promise<Micros[]> {
    const names = await collect(this.#options.store.folders(chatFolder(channel)));
    return names.flatMap((name) => parseHour(name) ?? []);
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

function lastBearer(rooms: readonly Room[], login: string): Room | undefined {
  let found: { readonly room: Room; readonly span: ChannelSpan } | undefined;
  for (const room of rooms) {
    for (const span of room.spans) {
      if (span.channel !== login) continue;
      // In the hour of a change both bore it: the one that came later still does.
      const isLater = found === undefined || span.untilUs > found.span.untilUs ||
        (span.untilUs === found.span.untilUs && span.fromUs > found.span.fromUs);
      if (isLater) found = { room, span };
    }
  }
  return found?.room;
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
  const withId = new Set(names.filter(({ roomId }) => roomId !== "").map((name) => name.channel));
  for (const { channel, roomId, firstUs, lastUs } of names) {
    // Hours without any id beside others of the same folder belong to these.
    if (roomId === "" && withId.has(channel)) continue;
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
      spans: onlyRoom(sorted, names),
    };
  });
  return rooms.sort((a, b) => a.login < b.login ? -1 : 1);
}

/** A folder that only this room has is read whole: also what no message tells an id for. */
function onlyRoom(spans: readonly ChannelSpan[], names: readonly RoomName[]): ChannelSpan[] {
  return spans.map((span) => {
    const ids = new Set(names.filter((name) => name.channel === span.channel).map((n) => n.roomId));
    ids.delete("");
    return ids.size > 1 ? span : { channel: span.channel, fromUs: 0, untilUs: TIME_END_US };
  });
}
