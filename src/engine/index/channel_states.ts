import { Lru } from "../../core/lru.ts";
import { HOUR_US, hourOf, type Micros, SECOND_US } from "../../core/time.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { ChatIndex, IndexedHour } from "../../ports/index/chat_index.ts";
import type { Clock } from "../../ports/clock.ts";
import { WorkBreaks } from "../read/work_breaks.ts";
import { EDGE_US, type HourStamps } from "./hour_stamps.ts";

/** What a recorder has received and not stored yet. */
export interface UnstoredMinutes {
  /** The channels of which there is anything. */
  channels(): Iterable<string>;
  /** The minutes of a channel. */
  minutesOf(channel: string): Iterable<Micros>;
}

/** What a {@link ChannelStates} works with. */
export interface ChannelStatesOptions {
  readonly index: ChatIndex;
  readonly stamps: HourStamps;
  readonly clock: Clock;
  /** The minutes of a channel that are not stored yet. @default none */
  readonly unstored?: UnstoredMinutes | undefined;
}

/** What an index knows of a channel. */
export interface ChannelState {
  /** The state of the index. */
  readonly revision: string;
  /** The hours whose files are those that they were indexed from. */
  readonly known: ReadonlyMap<Micros, IndexedHour>;
}

/**
 * Hours that ended this long ago are looked at once in {@link OLD_CHECK_US}, in case another process changes
 * their files; what this process changes counts at once, and younger hours are looked at for each question.
 */
const OLD_US = 48 * HOUR_US;
const OLD_CHECK_US = 10 * SECOND_US;

const CHANNELS_MAX = 256;
const HOURS_MAX = 131_072;

interface Remembered {
  readonly revision: string;
  /** All indexed hours of the channel. */
  readonly hours: ReadonlyMap<Micros, IndexedHour>;
  /** When each was last found unchanged, on the monotonic clock. */
  readonly checkedUs: Map<Micros, Micros>;
}

/** Finds out which hours of an index may be trusted, and remembers it for moments. */
export class ChannelStates {
  readonly #options: ChannelStatesOptions;
  readonly #channels = new Lru<string, Remembered>({
    countMax: CHANNELS_MAX,
    costMax: HOURS_MAX,
    costOf: ({ hours }) => hours.size,
  });

  /** Remembers nothing at first. */
  constructor(options: ChannelStatesOptions) {
    this.#options = options;
  }

  /** Notes that files of an hour came or went: also those beside it are looked at anew. */
  changed(channel: string, hourUs: Micros): void {
    const known = this.#channels.get(channel);
    for (const each of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) known?.checkedUs.delete(each);
  }

  /**
   * What the index knows of a channel in a span.
   *
   * @param span.isExact Without hours for which redactions came since: they may tell too much.
   * @throws {ChatloomError} when the store or the index fails.
   */
  async of(
    channel: string,
    { fromUs, untilUs, isExact, signal }: AbortOptions & {
      readonly fromUs: Micros;
      readonly untilUs: Micros;
      readonly isExact: boolean;
    },
  ): Promise<ChannelState> {
    const { stamps, clock, unstored } = this.#options;
    const remembered = await this.#remembered(channel, { signal });
    const { revision, hours, checkedUs } = remembered;
    const open = new Set<Micros>();
    for (const minuteUs of unstored?.minutesOf(channel) ?? []) {
      for (const each of [minuteUs - EDGE_US, minuteUs, minuteUs + EDGE_US]) open.add(hourOf(each));
    }
    const orders = isExact ? await stamps.orders(channel, { signal }) : undefined;
    const nowUs = clock.elapsedUs();
    const oldUs = clock.wallUs() - OLD_US;
    const known = new Map<Micros, IndexedHour>();
    const toCheck: IndexedHour[] = [];
    for (const hour of within(hours, { fromUs, untilUs })) {
      const { hourUs, stamp } = hour;
      if (open.has(hourUs) || orders !== undefined && stamp.orders !== orders) continue;
      const isFresh = hourUs < oldUs && nowUs - (checkedUs.get(hourUs) ?? -Infinity) < OLD_CHECK_US;
      if (isFresh) known.set(hourUs, hour);
      else toCheck.push(hour);
    }
    const breaks = new WorkBreaks(clock);
    const rest = () => breaks.rest();
    for (
      const { looksSame, ...hour } of await stamps.unchanged(channel, toCheck, { rest, signal })
    ) {
      known.set(hour.hourUs, hour);
      if (looksSame) checkedUs.set(hour.hourUs, nowUs);
    }
    return { revision, known };
  }

  async #remembered(channel: string, { signal }: AbortOptions): Promise<Remembered> {
    const { index } = this.#options;
    const revision = await index.revision(channel);
    const known = this.#channels.get(channel);
    if (known?.revision === revision) return known;
    const list = await index.hours(channel, { signal });
    const hours = new Map(list.map((hour) => [hour.hourUs, hour]));
    const checkedUs = new Map<Micros, Micros>();
    for (const [hourUs, atUs] of known?.checkedUs ?? []) {
      if (hours.get(hourUs)?.stamp.files === known?.hours.get(hourUs)?.stamp.files) {
        checkedUs.set(hourUs, atUs);
      }
    }
    // The revision was read before the hours: if they are younger, the next question reads them again.
    const remembered = { revision, hours, checkedUs };
    this.#channels.set(channel, remembered);
    return remembered;
  }
}

function* within(
  hours: ReadonlyMap<Micros, IndexedHour>,
  { fromUs, untilUs }: { readonly fromUs: Micros; readonly untilUs: Micros },
): Iterable<IndexedHour> {
  if ((untilUs - fromUs) / HOUR_US > hours.size) {
    for (const hour of hours.values()) {
      if (hour.hourUs >= fromUs && hour.hourUs < untilUs) yield hour;
    }
    return;
  }
  for (let us = Math.ceil(fromUs / HOUR_US) * HOUR_US; us < untilUs; us += HOUR_US) {
    const hour = hours.get(us);
    if (hour !== undefined) yield hour;
  }
}
