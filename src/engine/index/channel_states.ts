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
/** A question that may lag does not wait for that look: the next one knows its outcome. */
const LAG_MAX_US = 600 * SECOND_US;

const CHANNELS_MAX = 16_384;
const HOURS_MAX = 131_072;

interface Remembered {
  readonly revision: string;
  /** All indexed hours of the channel. */
  readonly hours: ReadonlyMap<Micros, IndexedHour>;
  /** When each was last found unchanged, on the monotonic clock. */
  readonly checkedUs: Map<Micros, Micros>;
  /** How often files of the channel came or went: what was looked at meanwhile does not count. */
  changes: number;
}

/** Finds out which hours of an index may be trusted, and remembers it for moments. */
export class ChannelStates {
  readonly #options: ChannelStatesOptions;
  readonly #channels = new Lru<string, Remembered>({
    countMax: CHANNELS_MAX,
    costMax: HOURS_MAX,
    costOf: ({ hours }) => hours.size,
  });
  /** The channels whose old hours are looked at while a question is answered without that. */
  readonly #looking = new Set<string>();

  /** Remembers nothing at first. */
  constructor(options: ChannelStatesOptions) {
    this.#options = options;
  }

  /** Notes that files of an hour came or went: also those beside it are looked at anew. */
  changed(channel: string, hourUs: Micros): void {
    const known = this.#channels.get(channel);
    if (known === undefined) return;
    known.changes++;
    for (const each of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) known.checkedUs.delete(each);
  }

  /** Notes that files of any hour may have come or gone. */
  changedAll(): void {
    this.#channels.clear();
  }

  /**
   * What the index knows of a channel in a span.
   *
   * @param span.isExact Without hours for which redactions came since: they may tell too much.
   * @param span.mayLag Old hours that another process changes may still be known to the question after the change.
   * @throws {ChatloomError} when the store or the index fails.
   */
  async of(
    channel: string,
    { fromUs, untilUs, isExact, mayLag = false, signal }: AbortOptions & {
      readonly fromUs: Micros;
      readonly untilUs: Micros;
      readonly isExact: boolean;
      readonly mayLag?: boolean;
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
    const toCheckLater: IndexedHour[] = [];
    for (const hour of within(hours, { fromUs, untilUs })) {
      const { hourUs, stamp } = hour;
      if (open.has(hourUs) || orders !== undefined && stamp.orders !== orders) continue;
      const ageUs = hourUs < oldUs ? nowUs - (checkedUs.get(hourUs) ?? -Infinity) : Infinity;
      const isFresh = ageUs < OLD_CHECK_US;
      if (isFresh || mayLag && ageUs < LAG_MAX_US) known.set(hourUs, hour);
      else toCheck.push(hour);
      if (!isFresh && ageUs < LAG_MAX_US) toCheckLater.push(hour);
    }
    if (mayLag && toCheckLater.length > 0) this.#checkLater(channel, toCheckLater, remembered);
    for (const hour of await this.#check(channel, toCheck, { remembered, signal })) {
      known.set(hour.hourUs, hour);
    }
    return { revision, known };
  }

  /** The hours that are unchanged; notes which need not be looked at again soon. */
  async #check(
    channel: string,
    hours: readonly IndexedHour[],
    { remembered, signal }: AbortOptions & { readonly remembered: Remembered },
  ): Promise<IndexedHour[]> {
    const { stamps, clock } = this.#options;
    const { checkedUs, changes } = remembered;
    const nowUs = clock.elapsedUs();
    const breaks = new WorkBreaks(clock);
    const rest = () => breaks.rest();
    const unchanged = await stamps.unchanged(channel, hours, { rest, signal });
    return unchanged.map(({ looksSame, ...hour }) => {
      if (looksSame && remembered.changes === changes) checkedUs.set(hour.hourUs, nowUs);
      return hour;
    });
  }

  /** Looks at hours in the background. Of those that changed the next question knows that it must look. */
  #checkLater(
    channel: string,
    hours: readonly IndexedHour[],
    remembered: Remembered,
  ): void {
    const { checkedUs } = remembered;
    if (this.#looking.has(channel)) return;
    this.#looking.add(channel);
    const before = new Map(hours.map(({ hourUs }) => [hourUs, checkedUs.get(hourUs)]));
    const look = async () => {
      const found = await this.#check(channel, hours, { remembered });
      const same = new Set(found.map(({ hourUs }) => hourUs));
      for (const { hourUs } of hours) {
        const isSame = same.has(hourUs) && checkedUs.get(hourUs) !== before.get(hourUs);
        if (!isSame) checkedUs.delete(hourUs);
      }
    };
    // Where it fails, the question that must not lag meets the same failure and tells it.
    look().catch(() => {}).finally(() => this.#looking.delete(channel));
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
    const remembered = { revision, hours, checkedUs, changes: 0 };
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
