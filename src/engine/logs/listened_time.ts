import { collect } from "../../async/collect.ts";
import { forEachConcurrent } from "../../async/for_each_concurrent.ts";
import { coverageFolder, formatHour, parseHour } from "../../core/archive/archive_key.ts";
import { joinSpans, type ListenedSpan } from "../../core/coverage/coverage.ts";
import { Lru } from "../../core/lru.ts";
import { HOUR_US, hourOf, type Micros, SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import { type ReadCoverageOptions, readHourCoverage } from "../coverage/read_coverage.ts";
import type { TimeSpan } from "./minute_finder.ts";

/** Hours whose coverage is remembered: two years of a channel. */
const HOURS_KNOWN_MAX = 20_000;
const READ_AT_A_TIME = 8;
const HOUR_S = 3_600;

/** Tells for how long no receiver listened to a room. */
export class ListenedTime {
  readonly #options: ReadCoverageOptions & { readonly clock: Clock };
  readonly #known = new Lru<string, readonly ListenedSpan[]>({ countMax: HOURS_KNOWN_MAX });

  /** Reads nothing before it is asked. */
  constructor(options: ReadCoverageOptions & { readonly clock: Clock }) {
    this.#options = options;
  }

  /**
   * How many minutes of the span no receiver listened to any of the channels, in all and rounded up: 0 means that
   * all of it was listened to. Time to come does not count, and in imported logs no receiver listened.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async unlistenedMinutes(channels: readonly string[], span: TimeSpan): Promise<number> {
    const fromUs = Math.max(0, span.fromUs);
    const untilUs = Math.min(span.untilUs, this.#options.clock.wallUs());
    if (fromUs >= untilUs) return 0;
    let listenedS = 0;
    for (const [hourUs, spans] of await this.hours(channels, { fromUs, untilUs })) {
      const [firstS, endS] = [(fromUs - hourUs) / SECOND_US, (untilUs - hourUs) / SECOND_US];
      for (const [from, to] of spans) {
        listenedS += Math.max(0, Math.min(to, endS, HOUR_S) - Math.max(from, firstS, 0));
      }
    }
    const silentS = (untilUs - fromUs) / SECOND_US - listenedS;
    // A second is cut at the edges of the range, and coverage counts whole ones.
    return silentS < 1 ? 0 : Math.ceil(silentS / 60);
  }

  /**
   * When receivers listened to any of the channels, for each hour of the span that has coverage: in seconds of
   * the hour, ascending, none touching another. The hours are in no order.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async hours(
    channels: readonly string[],
    { fromUs, untilUs }: TimeSpan,
  ): Promise<ReadonlyMap<Micros, readonly ListenedSpan[]>> {
    const wanted: { readonly channel: string; readonly hourUs: Micros }[] = [];
    for (const channel of channels) {
      // Listing the hours once tells most of those that have no coverage at all.
      const hours = new Set(await collect(this.#options.store.folders(coverageFolder(channel))));
      for (const hour of hours) {
        const hourUs = parseHour(hour);
        if (hourUs === undefined || hourUs + HOUR_US <= fromUs || hourUs >= untilUs) continue;
        wanted.push({ channel, hourUs });
      }
    }
    const byHour = new Map<Micros, readonly ListenedSpan[]>();
    await forEachConcurrent(wanted, READ_AT_A_TIME, async ({ channel, hourUs }) => {
      const spans = await this.#spans(channel, hourUs);
      byHour.set(hourUs, joinSpans([...byHour.get(hourUs) ?? [], ...spans]));
    });
    return byHour;
  }

  async #spans(channel: string, hourUs: Micros): Promise<readonly ListenedSpan[]> {
    const key = `${channel} ${formatHour(hourUs)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const coverage = await readHourCoverage(channel, hourUs, this.#options);
    const spans = joinSpans([...coverage.values()].flat());
    // A peer's coverage may come a while after the hour.
    if (hourOf(this.#options.clock.wallUs()) - hourUs > 24 * HOUR_US) this.#known.set(key, spans);
    return spans;
  }
}
