import { LINE_FEED } from "../../core/bytes.ts";
import { HOUR_US, type Micros, MINUTE_US, toSeconds } from "../../core/time.ts";
import { chatFolder, isChannelName, parseHour } from "../../core/archive/archive_key.ts";
import { lineTime } from "../../core/scan/line_time.ts";
import { forEachConcurrent } from "../../async/for_each_concurrent.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChatMinute } from "../api/chat/chat_bytes.ts";
import type { SharedChatReader } from "../api/chat/shared_chat_reader.ts";
import { WorkBreaks } from "../read/work_breaks.ts";
import { archiveCursor, type Cursor, LATE_MAX_US } from "./cursor.ts";
import { LiveEvent } from "./event_ring.ts";

/** What {@link replayFrom} reads. */
export interface ReplaySource {
  readonly clock: Clock;
  /** The archive, with what is not stored yet. */
  readonly store: BatchStore;
  /** Resolves when what was received until now is in `store`. */
  readonly freshen: (channel: string) => Promise<void>;
  /** The minutes of a channel that hold messages of [startUs, endUs), in order. */
  readonly read: (
    channel: string,
    range: { readonly startUs: Micros; readonly endUs: Micros },
  ) => Promise<AsyncIterable<ChatMinute>>;
}

/** Reads through the reader that requests for chat share. */
export function replaySource(
  { store, reader, clock }: {
    readonly store: BatchStore;
    readonly reader: SharedChatReader;
    readonly clock: Clock;
  },
): ReplaySource {
  return {
    clock,
    store,
    freshen: async (channel) => await store.freshen?.(channel),
    read: async (channel, range) =>
      (await reader.read(channel, { ...range, isReversed: false })).minutes,
  };
}

/** How far ahead of this machine's clock messages are looked for. */
const AHEAD_US = 10 * MINUTE_US;
const EVENTS_AT_ONCE_MAX = 200;
const FRESHENED_AT_ONCE = 16;

/**
 * Yields from the archive what may have been received behind `cursor` in the channels, or in all if
 * `undefined`: by time in one channel, hour by hour in several. Empty lists come in between, where a caller
 * may do other work.
 *
 * @throws {ChatloomError} when the archive cannot be read.
 */
export async function* replayFrom(
  cursor: Cursor,
  channels: readonly string[] | undefined,
  source: ReplaySource,
): AsyncGenerator<readonly LiveEvent[], void, undefined> {
  const names = channels ?? await channelsOf(source.store);
  await forEachConcurrent(names, FRESHENED_AT_ONCE, (channel) => source.freshen(channel));
  const fromUs = Math.max(0, cursor.floorUs - LATE_MAX_US);
  const untilUs = Math.max(fromUs, source.clock.wallUs()) + AHEAD_US;
  const breaks = new WorkBreaks(source.clock);
  const inAll = { cursor, source, breaks };
  if (names.length === 1) {
    const span = { fromUs, untilUs, isFirst: true, floorUs: undefined };
    yield* replaySpan(names[0]!, { ...inAll, ...span });
    return;
  }
  for (const hourUs of await hoursOf(names, { ...source, fromUs, untilUs })) {
    const startUs = Math.max(fromUs, hourUs);
    const endUs = Math.min(untilUs, hourUs + HOUR_US);
    const isFirst = startUs === fromUs;
    for (const channel of names) {
      const span = { fromUs: startUs, untilUs: endUs, isFirst, floorUs: startUs };
      yield* replaySpan(channel, { ...inAll, ...span });
    }
  }
}

async function* replaySpan(
  channel: string,
  { cursor, fromUs, untilUs, isFirst, floorUs, source, breaks }: {
    readonly cursor: Cursor;
    readonly fromUs: Micros;
    readonly untilUs: Micros;
    /** Whether lines that begin before it and reach into it are wanted. */
    readonly isFirst: boolean;
    /** The time of all cursors, where other channels follow. @default that of each line */
    readonly floorUs: Micros | undefined;
    readonly source: ReplaySource;
    readonly breaks: WorkBreaks;
  },
): AsyncGenerator<readonly LiveEvent[], void, undefined> {
  const minutes = await source.read(channel, { startUs: fromUs, endUs: untilUs });
  for await (const { bytes } of minutes) {
    breaks.begin();
    let events: LiveEvent[] = [];
    for (let from = 0, to; from < bytes.length; from = to) {
      if (breaks.isDue) await breaks.take();
      to = bytes.indexOf(LINE_FEED, from) + 1;
      const line = bytes.subarray(from, to);
      const { startUs, endUs } = lineTime(line);
      if (startUs >= untilUs || (isFirst ? endUs : startUs) < fromUs) continue;
      const at = archiveCursor(floorUs ?? startUs);
      const event = new LiveEvent(at, channel, LATIN1.decode(line.subarray(0, -1)));
      if (!wasBefore(event, cursor)) events.push(event);
      if (events.length < EVENTS_AT_ONCE_MAX) continue;
      yield events;
      events = [];
      breaks.begin();
    }
    yield events;
  }
}

/** Whether the receiver that the cursor names had it before. */
function wasBefore(event: LiveEvent, { receiver, receivedUs }: Cursor): boolean {
  if (receiver === "" || !event.line.includes(receiver)) return false;
  const { receivers } = event.message;
  if (!Object.hasOwn(receivers, receiver)) return false;
  const entry = receivers[receiver]!;
  const receivedS = typeof entry === "number" ? entry : entry.received;
  return receivedS <= toSeconds(receivedUs);
}

/** The hours in which one of the channels may have messages, ascending. */
async function hoursOf(
  names: readonly string[],
  { store, fromUs, untilUs }: {
    readonly store: BatchStore;
    readonly fromUs: Micros;
    readonly untilUs: Micros;
  },
): Promise<Micros[]> {
  const hours = new Set<Micros>();
  for (const channel of names) {
    for await (const name of store.folders(chatFolder(channel))) {
      const hourUs = parseHour(name) ?? NaN;
      // A message at the edge may stand in a file of the hour beside it.
      for (const us of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) {
        if (us + HOUR_US > fromUs && us < untilUs) hours.add(us);
      }
    }
  }
  return [...hours].sort((a, b) => a - b);
}

async function channelsOf(store: BatchStore): Promise<string[]> {
  const names: string[] = [];
  for await (const name of store.folders("")) if (isChannelName(name)) names.push(name);
  return names;
}

const LATIN1 = new TextDecoder("latin1");
