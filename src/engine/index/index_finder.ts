import { isIndexedId, isIndexedLogin } from "../../core/index/facts_collector.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US, minuteOf, TIME_END_US } from "../../core/time.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { ChatIndex, IndexedHour, IndexHours } from "../../ports/index/chat_index.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  ChannelSpan,
  Findings,
  HourCounts,
  MinuteFinder,
  MinuteQuestion,
  PersonSpan,
  RoomName,
  TimeSpan,
} from "../logs/minute_finder.ts";
import { type ChannelState, ChannelStates, type UnstoredMinutes } from "./channel_states.ts";
import type { HourStamps } from "./hour_stamps.ts";
import type { BatchStore } from "../../ports/batch_store.ts";

/** What an {@link IndexFinder} works with. */
export interface IndexFinderOptions {
  /** The index. */
  readonly index: ChatIndex;
  /** The files of the archive, without what is not stored yet. */
  readonly store: BatchStore;
  /** Names the files of hours. */
  readonly stamps: HourStamps;
  /** Tells how long ago an hour was looked at. */
  readonly clock: Clock;
  /** What is not stored yet. @default none */
  readonly unstored?: UnstoredMinutes | undefined;
  /** Called with hours that have to be read, as the index does not know them. */
  readonly onGap?: ((channel: string, hourUs: Micros) => void) | undefined;
}

/** How many hours are looked at for the first answer; then more and more, as answers that are read need time. */
const FIRST_HOURS = 24;
const HOURS_AT_ONCE_MAX = 24 * 32;

/** How often a question is asked again when the index changes meanwhile. */
const TRIES_MAX = 8;

/**
 * Answers by an index where that still knows the archive, and says where it does not. An hour counts as
 * known if its files are those that it was indexed from, and none of its minutes is unstored.
 */
export class IndexFinder implements MinuteFinder {
  readonly #options: IndexFinderOptions;
  readonly #states: ChannelStates;

  /** Answers by `options.index`. */
  constructor(options: IndexFinderOptions) {
    this.#options = options;
    this.#states = new ChannelStates(options);
  }

  /** Notes that files of an hour came or went: the next answer looks at it anew. */
  changed(channel: string, hourUs: Micros): void {
    this.#states.changed(channel, hourUs);
  }

  /** Notes that files of any hour may have come or gone. */
  changedAll(): void {
    this.#states.changedAll();
  }

  /** As {@link MinuteFinder.hours}. */
  async hours(channel: string, abort: AbortOptions = {}): Promise<readonly Micros[]> {
    const { stamps, unstored } = this.#options;
    const hours = await stamps.hours(channel, abort);
    const open = new Set([...unstored?.minutesOf(channel) ?? []].map(hourOf));
    const more = [...open].filter((hourUs) => !hasSorted(hours, hourUs));
    return more.length === 0 ? hours : [...hours, ...more].sort((a, b) => a - b);
  }

  /** As {@link MinuteFinder.spans}. */
  async *spans(
    channel: string,
    question: MinuteQuestion,
    { signal }: AbortOptions = {},
  ): AsyncIterable<TimeSpan> {
    const { isReversed } = question;
    const hours = (await this.#hoursOfFiles(channel, question, { signal }))
      .sort((a, b) => isReversed ? b - a : a - b);
    let joined: TimeSpan | undefined;
    let size = FIRST_HOURS;
    for (let at = 0; at < hours.length; at += size, size = Math.min(2 * size, HOURS_AT_ONCE_MAX)) {
      signal?.throwIfAborted();
      for (
        const span of await this.#spansOf(channel, hours.slice(at, at + size), { question, signal })
      ) {
        if (joined === undefined) joined = span;
        else if (joined.untilUs === span.fromUs) joined = { ...joined, untilUs: span.untilUs };
        else if (span.untilUs === joined.fromUs) joined = { ...joined, fromUs: span.fromUs };
        else {
          yield joined;
          joined = span;
        }
      }
    }
    if (joined !== undefined) yield joined;
  }

  /** As {@link MinuteFinder.rooms}. */
  async rooms(abort: AbortOptions = {}): Promise<Findings<RoomName>> {
    return await this.#everywhere((hours) => this.#options.index.rooms(hours), abort);
  }

  /** As {@link MinuteFinder.people}. */
  async people(ids: readonly string[], abort: AbortOptions = {}): Promise<Findings<PersonSpan>> {
    // A user whom messages name without a login has no name to tell.
    const ask = async (hours: IndexHours) =>
      (await this.#options.index.people({ ids }, hours)).filter(({ login }) => login !== "");
    if (!ids.every(isIndexedId)) {
      const channels = await this.#channels(abort);
      return {
        found: [],
        gaps: channels.map((channel) => ({ channel, fromUs: 0, untilUs: TIME_END_US })),
      };
    }
    return await this.#everywhere(ask, abort);
  }

  /** As {@link MinuteFinder.counts}. */
  async counts(
    channel: string,
    span: TimeSpan,
    abort: AbortOptions = {},
  ): Promise<Findings<HourCounts>> {
    const hours = await this.#hoursOfFiles(channel, span, abort);
    const asked = { ...hoursSpan(hours), isExact: true, mayLag: true, ...abort };
    const state = await this.#states.of(channel, asked);
    const found = hours.flatMap((hourUs) => state.known.get(hourUs) ?? []);
    const gaps = this.#gapsOf(channel, hours, state.known);
    return { found: found.map(({ hourUs, counts }) => ({ hourUs, counts })), gaps };
  }

  /** Spans of some hours, in the order of the hours. */
  async #spansOf(
    channel: string,
    hours: readonly Micros[],
    { question, signal }: AbortOptions & { readonly question: MinuteQuestion },
  ): Promise<TimeSpan[]> {
    const { index } = this.#options;
    const [low, high] = [Math.min(...hours), Math.max(...hours) + HOUR_US];
    const span = {
      fromUs: Math.max(low, minuteOf(Math.max(0, question.fromUs))),
      untilUs: Math.min(high, question.untilUs),
      signal,
    };
    const cut = (fromUs: Micros, untilUs: Micros) => ({
      fromUs: Math.max(fromUs, span.fromUs),
      untilUs: Math.min(untilUs, Math.ceil(question.untilUs / MINUTE_US) * MINUTE_US),
    });
    const { person, words } = question;
    const isIndexed = (person !== undefined || words !== undefined && words.length > 0) &&
      (person === undefined || isIndexedPerson(person));
    const { state, minutes } = await this.#steadily(
      channel,
      { ...hoursSpan(hours), signal },
      () =>
        isIndexed
          ? index.find(channel, {
            ...span,
            ...(person === undefined ? {} : { person }),
            ...(words === undefined || words.length === 0 ? {} : { words }),
          })
          : Promise.resolve([]),
    );
    const byHour = new Map<Micros, Micros[]>();
    for (const { minuteUs } of minutes) {
      const hourUs = hourOf(minuteUs);
      const known = byHour.get(hourUs);
      if (known === undefined) byHour.set(hourUs, [minuteUs]);
      else known.push(minuteUs);
    }
    return hours.flatMap((hourUs) => {
      if (!state.known.has(hourUs)) this.#options.onGap?.(channel, hourUs);
      if (!isIndexed || !state.known.has(hourUs)) return [cut(hourUs, hourUs + HOUR_US)];
      const found = byHour.get(hourUs) ?? [];
      if (question.isReversed) found.reverse();
      return found.map((minuteUs) => cut(minuteUs, minuteUs + MINUTE_US));
    }).filter(({ fromUs, untilUs }) => fromUs < untilUs);
  }

  /** Asks again until the index did not change between its hours and the answer. */
  async #steadily<T>(
    channel: string,
    span: TimeSpan & AbortOptions,
    ask: () => Promise<readonly T[]>,
  ): Promise<{ readonly state: ChannelState; readonly minutes: readonly T[] }> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const state = await this.#states.of(channel, { ...span, isExact: false });
      const minutes = await ask();
      if (await this.#options.index.revision(channel) === state.revision) return { state, minutes };
    }
    return { state: { revision: "", known: new Map() }, minutes: [] }; // All of it has to be read.
  }

  async #everywhere<T extends { readonly channel: string }>(
    ask: (hours: IndexHours) => Promise<readonly T[]>,
    abort: AbortOptions,
  ): Promise<Findings<T>> {
    const { index } = this.#options;
    const channels = await this.#channels(abort);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const before = await index.revision();
      const gaps: ChannelSpan[] = [];
      const states = new Map<string, ChannelState>();
      for (const channel of channels) {
        const span = { fromUs: 0, untilUs: TIME_END_US };
        const hours = await this.#hoursOfFiles(channel, span, abort);
        const state = await this.#states.of(channel, { ...span, isExact: true, ...abort });
        states.set(channel, state);
        gaps.push(...this.#gapsOf(channel, hours, state.known));
      }
      // What an hour held before its files changed does not count.
      const counts = (channel: string, hourUs: Micros) =>
        states.get(channel)?.known.has(hourUs) === true;
      const found = await ask({ counts, ...abort });
      if (await index.revision() === before) return { found, gaps };
    }
    return {
      found: [],
      gaps: channels.map((channel) => ({ channel, fromUs: 0, untilUs: TIME_END_US })),
    };
  }

  /** The hours that are not known, joined. */
  #gapsOf(
    channel: string,
    hours: readonly Micros[],
    known: ReadonlyMap<Micros, IndexedHour>,
  ): ChannelSpan[] {
    const gaps: { channel: string; fromUs: Micros; untilUs: Micros }[] = [];
    for (const hourUs of hours) {
      if (known.has(hourUs)) continue;
      this.#options.onGap?.(channel, hourUs);
      const last = gaps.at(-1);
      if (last?.untilUs === hourUs) last.untilUs = hourUs + HOUR_US;
      else gaps.push({ channel, fromUs: hourUs, untilUs: hourUs + HOUR_US });
    }
    return gaps;
  }

  /** The channels that have files or minutes that are not stored yet. */
  async #channels({ signal }: AbortOptions): Promise<string[]> {
    const { store, unstored } = this.#options;
    const channels = new Set<string>(unstored?.channels());
    for await (const channel of store.folders("", { signal })) channels.add(channel);
    return [...channels].sort();
  }

  /** The hours of a channel that can hold messages of a span, ascending, also those that are not stored yet. */
  async #hoursOfFiles(
    channel: string,
    { fromUs, untilUs }: TimeSpan,
    { signal }: AbortOptions,
  ): Promise<Micros[]> {
    const hours: Micros[] = [];
    for (const hourUs of await this.hours(channel, { signal })) {
      for (const each of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) {
        if (each < 0 || each >= TIME_END_US || each <= (hours.at(-1) ?? -1)) continue;
        if (each + HOUR_US > fromUs && each < untilUs) hours.push(each);
      }
    }
    return hours;
  }
}

function hoursSpan(hours: readonly Micros[]): TimeSpan {
  if (hours.length === 0) return { fromUs: 0, untilUs: 0 };
  return { fromUs: Math.min(...hours), untilUs: Math.max(...hours) + HOUR_US };
}

function isIndexedPerson(
  { ids, logins }: { readonly ids: readonly string[]; readonly logins: readonly string[] },
): boolean {
  return ids.every(isIndexedId) && logins.every(isIndexedLogin);
}

/** Whether an ascending list holds a value. */
function hasSorted(values: readonly number[], wanted: number): boolean {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return values[low] === wanted;
}
