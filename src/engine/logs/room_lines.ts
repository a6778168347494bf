import { ChatloomError } from "../../core/errors/errors.ts";
import { hourPrefix, minutePrefix, parseArchiveKey } from "../../core/archive/archive_key.ts";
import {
  HOUR_US,
  hourOf,
  type Micros,
  MINUTE_US,
  minuteOf,
  RANGE_MAX_US,
} from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChatMinute } from "../api/chat/chat_bytes.ts";
import type { SharedChatReader } from "../api/chat/shared_chat_reader.ts";
import { WorkBreaks } from "../read/work_breaks.ts";
import { hoursWithChat } from "./hours_with_chat.ts";
import type { MinuteFinder, MinuteQuestion, TimeSpan } from "./minute_finder.ts";
import { type LinePick, type LogLine, pickLines } from "./pick_lines.ts";
import type { Room } from "./room_directory.ts";
import type { ScanBudget } from "./scan_budget.ts";

/** What {@link roomLines} reads with. */
export interface RoomLinesSource {
  readonly store: BatchStore;
  /** Reads short ranges, which many callers want at the same time. */
  readonly reader: SharedChatReader;
  /** Reads long ranges: they must not evict from the cache what many callers want. */
  readonly bulkReader: SharedChatReader;
  readonly clock: Clock;
  readonly finder?: MinuteFinder | undefined;
}

/** Which lines of a room. */
export interface RoomLinesQuery extends MinuteQuestion {
  readonly pick: LinePick;
  readonly budget: ScanBudget;
  readonly signal?: AbortSignal | undefined;
}

/** A longer range is read by the bulk reader. */
const SHARED_MAX_US = 3 * HOUR_US;

/**
 * Backwards, the messages of a stretch are held at a time. The first is short, as the newest lines are often all that
 * is wanted; the next ones are longer, unless they hold many.
 */
const FIRST_STRETCH_US = 2 * MINUTE_US;
const HELD_LINES = 10_000;

/**
 * The lines of a room that `query` picks, some at a time, in the order of their time; of all logins of the room
 * together. Memory does not grow with the range.
 *
 * @throws {ScanTimeoutError} when it reads for too long without finding any.
 * @throws {ChatloomError} when the store fails.
 */
export async function* roomLines(
  room: Room,
  query: RoomLinesQuery,
  source: RoomLinesSource,
): AsyncGenerator<LogLine[]> {
  const parts = room.spans.flatMap((span) => {
    const fromUs = Math.max(query.fromUs, span.fromUs);
    const untilUs = Math.min(query.untilUs, span.untilUs);
    if (fromUs >= untilUs) return [];
    return [channelLines(span.channel, room, { ...query, fromUs, untilUs }, source)];
  });
  const { budget } = query;
  budget.resume();
  for await (const lines of parts.length === 1 ? parts[0]! : mergeLines(parts, query)) {
    budget.pause();
    yield lines;
    budget.resume();
  }
}

async function* channelLines(
  channel: string,
  room: Room,
  query: RoomLinesQuery,
  source: RoomLinesSource,
): AsyncGenerator<LogLine[]> {
  const { budget, isReversed, pick, signal } = query;
  const { reader, bulkReader, clock } = source;
  const isShort = query.untilUs - query.fromUs <= SHARED_MAX_US;
  const breaks = new WorkBreaks(clock);
  const own: LinePick = {
    ...pick,
    accepts: (message) => {
      const roomId = message.tags?.["room-id"] ?? "";
      return (roomId === "" || room.id === "" || roomId === room.id) && pick.accepts(message);
    },
  };
  const state = { stretchUs: FIRST_STRETCH_US };
  let isFirst = true;
  for await (const { fromUs, untilUs } of stretches(channel, query, { source, state })) {
    // Lines count by their start, so none of the minute before is wanted.
    const range = { startUs: fromUs + RANGE_MAX_US, endUs: untilUs, isReversed: false };
    // The newest minutes, which grow, are what others read just now: they are put together once for all.
    const isShared = isShort || isReversed && isFirst;
    isFirst = false;
    const { minutes } = await (isShared ? reader : bulkReader).read(channel, range);
    // Of a short stretch the minutes are held, as it takes little of them to tell the newest lines.
    const holdsMinutes = isReversed && untilUs - fromUs <= FIRST_STRETCH_US;
    const heldMinutes: ChatMinute[] = [];
    let held: LogLine[] = [];
    let count = 0;
    const linesOf = (minute: ChatMinute, isReversed: boolean) =>
      pickLines(minute, { span: { fromUs, untilUs, isReversed }, pick: own, breaks });
    breaks.begin();
    for await (const minute of minutes) {
      signal?.throwIfAborted();
      budget.check();
      if (minute.minuteUs < minuteOf(fromUs)) continue;
      if (holdsMinutes) {
        heldMinutes.push(minute);
        continue;
      }
      for await (const lines of linesOf(minute, false)) {
        if (isReversed) held = held.concat(lines);
        else yield lines;
      }
      breaks.begin();
    }
    for (const minute of heldMinutes.reverse()) {
      for await (const lines of linesOf(minute, true)) {
        signal?.throwIfAborted();
        budget.check();
        count += lines.length;
        yield lines;
      }
    }
    if (count + held.length > HELD_LINES) {
      state.stretchUs = Math.max(MINUTE_US, minuteOf(state.stretchUs / 2));
    } else state.stretchUs = Math.min(HOUR_US, 2 * state.stretchUs);
    if (held.length > 0) yield held.reverse();
    budget.check();
  }
}

/**
 * The stretches of a channel to read, in the order of the query, at most an hour long: those of the finder, or
 * hours that have files.
 */
export async function* stretches(
  channel: string,
  query: MinuteQuestion & AbortOptions,
  { source, state = { stretchUs: HOUR_US } }: {
    readonly source: RoomLinesSource;
    /** How long the next stretch may be, backwards. */
    readonly state?: { readonly stretchUs: Micros };
  },
): AsyncIterable<TimeSpan> {
  const { isReversed } = query;
  for await (const span of narrowed(channel, query, source.finder)) {
    for (const hour of await hoursIn(channel, span, { source, isReversed })) {
      if (!isReversed || hour.untilUs - hour.fromUs <= FIRST_STRETCH_US) {
        yield hour;
        continue;
      }
      const minutes = await minutesWithFiles(channel, hour, source);
      for (let at = minutes.length - 1; at >= 0;) {
        const untilUs = Math.min(hour.untilUs, minutes[at]! + MINUTE_US);
        const limitUs = minuteOf(untilUs - 1) + MINUTE_US - state.stretchUs;
        let fromUs = untilUs;
        for (; at >= 0 && minutes[at]! >= limitUs; at--) fromUs = minutes[at]!;
        yield { fromUs: Math.max(hour.fromUs, fromUs), untilUs };
      }
    }
  }
}

/** The minutes of a stretch that has files, and those beside them: a file may tell of these too. Ascending. */
async function minutesWithFiles(
  channel: string,
  { fromUs, untilUs }: TimeSpan,
  { store }: RoomLinesSource,
): Promise<Micros[]> {
  const minutes = new Set<Micros>();
  const hourUs = hourOf(fromUs);
  for (const each of [hourUs, hourUs + HOUR_US]) {
    // Of the next hour only the first minute can matter.
    const isEdge = each !== hourUs;
    if (isEdge && untilUs < each) continue;
    const prefix = isEdge ? minutePrefix(channel, each) : hourPrefix(channel, each);
    for await (const key of store.list(prefix)) {
      const parts = parseArchiveKey(key);
      if (parts?.kind !== "batch") continue;
      const { minuteUs } = parts;
      for (const us of [minuteUs - MINUTE_US, minuteUs, minuteUs + MINUTE_US]) {
        if (us + MINUTE_US > fromUs && us < untilUs) minutes.add(us);
      }
    }
  }
  return [...minutes].sort((a, b) => a - b);
}

/** The spans of the finder; the whole range without one, and the rest of it where the finder fails. */
async function* narrowed(
  channel: string,
  query: MinuteQuestion & AbortOptions,
  finder: MinuteFinder | undefined,
): AsyncIterable<TimeSpan> {
  let { fromUs, untilUs } = query;
  const { person, words, isReversed, signal } = query;
  if (finder !== undefined && (person !== undefined || words !== undefined)) {
    try {
      for await (const span of finder.spans(channel, query, { signal })) {
        if (isReversed) untilUs = Math.min(untilUs, span.fromUs);
        else fromUs = Math.max(fromUs, span.untilUs);
        yield {
          fromUs: Math.max(span.fromUs, query.fromUs),
          untilUs: Math.min(span.untilUs, query.untilUs),
        };
      }
      return;
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
    }
  }
  if (fromUs < untilUs) yield { fromUs, untilUs };
}

/** A span, cut at hours; hours without files are left out where listing these is worth it. */
async function hoursIn(
  channel: string,
  { fromUs, untilUs }: TimeSpan,
  { source, isReversed }: { readonly source: RoomLinesSource; readonly isReversed: boolean },
): Promise<TimeSpan[]> {
  const firstUs = fromUs - fromUs % HOUR_US;
  const hours = new Set<Micros>();
  if (untilUs - fromUs <= SHARED_MAX_US) {
    for (let us = firstUs; us < untilUs; us += HOUR_US) hours.add(us);
  } else {
    for (const hourUs of await hoursWithChat(channel, source)) {
      // Until it is settled, a message at the edge of an hour may stand in a file of the next one.
      for (const us of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) hours.add(us);
    }
  }
  return [...hours].filter((us) => us + HOUR_US > fromUs && us < untilUs)
    .sort((a, b) => isReversed ? b - a : a - b)
    .map((us) => ({ fromUs: Math.max(us, fromUs), untilUs: Math.min(us + HOUR_US, untilUs) }));
}

/** Merges lines that are each in order. */
async function* mergeLines(
  parts: readonly AsyncGenerator<LogLine[]>[],
  { isReversed }: { readonly isReversed: boolean },
): AsyncGenerator<LogLine[]> {
  const heads: LogLine[][] = [];
  try {
    for (const part of parts) heads.push((await part.next()).value ?? []);
    while (true) {
      const live = heads.flatMap((head, i) => head.length > 0 ? [i] : []);
      if (live.length === 0) return;
      const ahead = (a: number, b: number) => {
        const [left, right] = [heads[a]![0]!.startUs, heads[b]![0]!.startUs];
        return isReversed ? right - left : left - right;
      };
      const [first, second] = live.sort(ahead);
      const head = heads[first!]!;
      // All lines that come before the next one of any other.
      const limitUs = second === undefined ? undefined : heads[second]![0]!.startUs;
      const isAfter = ({ startUs }: LogLine) =>
        limitUs !== undefined && (isReversed ? startUs < limitUs : startUs > limitUs);
      const end = head.findIndex(isAfter);
      yield end === -1 ? head : head.slice(0, end);
      const rest = end === -1 ? [] : head.slice(end);
      heads[first!] = rest.length > 0 ? rest : (await parts[first!]!.next()).value ?? [];
    }
  } finally {
    for (const part of parts) await part.return(undefined);
  }
}
