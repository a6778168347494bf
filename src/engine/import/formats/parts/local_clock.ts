import { DAY_US, HOUR_US, type Micros, MILLISECOND_US, SECOND_US } from "../../../../core/time.ts";

/** A clock that jumps back by less than this is out of order; by more, it was set back. */
const DISORDER_US = 10 * SECOND_US;

/** How many hours' offsets are remembered. */
const HOURS_MAX = 512;

/**
 * Turns what a wall clock of a zone shows into UTC. Where an hour comes twice, as when daylight saving ends, the
 * order of the lines decides: a clock that falls back by an hour has begun the second one. What no clock
 * shows, as when it begins, is read as if the clock had not been set.
 */
export class LocalClock {
  readonly #offsetAt: (utcUs: Micros) => Micros;
  readonly #offsets = new Map<number, readonly Micros[]>();
  #lastUs = -Infinity;

  /**
   * @param zone as `Europe/Berlin`, or an offset as `+02:00`
   * @throws {RangeError} when there is no such zone
   */
  constructor(zone: string) {
    this.#offsetAt = offsetsOf(zone);
  }

  /**
   * The time in UTC of the instant that the clock shows as `localUs`: microseconds since 1970 as if the zone were
   * UTC. Calls follow the order of the lines.
   */
  toUtc(localUs: Micros): Micros {
    const candidates = this.#offsetsFor(localUs).map((offset) => localUs - offset);
    const next = candidates.find((us) => us >= this.#lastUs - DISORDER_US);
    const us = next ?? candidates.at(-1)!;
    this.#lastUs = us;
    return us;
  }

  /** Notes that the next line does not follow the ones before. */
  forget(): void {
    this.#lastUs = -Infinity;
  }

  /** The offsets that a clock which shows `localUs` may have; the earlier instant first. */
  #offsetsFor(localUs: Micros): readonly Micros[] {
    const quarter = Math.floor(localUs / (HOUR_US / 4));
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    const [before, after] = [this.#offsetAt(localUs - DAY_US), this.#offsetAt(localUs + DAY_US)];
    const possible = before === after
      ? [before]
      : [before, after].filter((offset) => this.#offsetAt(localUs - offset) === offset);
    const offsets = (possible.length === 0 ? [before] : possible).sort((a, b) => b - a);
    if (this.#offsets.size >= HOURS_MAX) this.#offsets.clear();
    this.#offsets.set(quarter, offsets);
    return offsets;
  }
}

const OFFSET = /^([+-])(\d\d):?(\d\d)$/;

function offsetsOf(zone: string): (utcUs: Micros) => Micros {
  const [, sign, hours, minutes] = OFFSET.exec(zone) ?? [];
  if (sign !== undefined) {
    const us = (Number(hours) * 60 + Number(minutes)) * 60 * SECOND_US;
    return () => sign === "-" ? -us : us;
  }
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (utcUs) => {
    const ms = Math.floor(utcUs / MILLISECOND_US / 1000) * 1000;
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
    const shown = Date.UTC(
      part("year"),
      part("month") - 1,
      part("day"),
      part("hour"),
      part("minute"),
      part("second"),
    );
    return (shown - ms) * MILLISECOND_US;
  };
}

/** What a clock shows, as {@link LocalClock.toUtc} takes it; `undefined` if no clock shows it. */
export function localTime(date: string, time: string): Micros | undefined {
  const ms = Date.parse(`${date}T${time}Z`);
  return Number.isNaN(ms) ? undefined : ms * MILLISECOND_US;
}
