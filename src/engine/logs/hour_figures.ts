import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { ChatLog } from "./chat_log.ts";
import type { TimeSpan } from "./minute_finder.ts";

/** What is known of an hour of a channel without reading its chat. */
export interface HourFigures {
  /** When it starts. */
  readonly hourUs: Micros;
  /** How many messages of any kind it holds; `undefined` where no index counts them. */
  readonly messages: number | undefined;
  /** In how many of its seconds a receiver listened; `undefined` where no receiver left coverage of it. */
  readonly listenedS: number | undefined;
}

/**
 * The hours of a channel in a span that have chat or coverage, ascending. Cost follows their number, not that
 * of the messages.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function hourFigures(
  log: ChatLog,
  channel: string,
  span: TimeSpan,
): Promise<HourFigures[]> {
  const messages = await hourMessages(log, channel, span);
  const listened = await log.listened.hours([channel], span);
  const hours = [...new Set([...messages.keys(), ...listened.keys()])].sort((a, b) => a - b);
  return hours.map((hourUs) => ({
    hourUs,
    messages: messages.has(hourUs) ? messages.get(hourUs) : 0,
    listenedS: listened.get(hourUs)?.reduce((sum, [from, to]) => sum + to - from, 0),
  }));
}

/**
 * How many messages of any kind the hours of a channel hold that have chat and overlap a span; `undefined` where
 * no index counts them. In no order.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function hourMessages(
  log: ChatLog,
  channel: string,
  span: TimeSpan,
): Promise<ReadonlyMap<Micros, number | undefined>> {
  const hours = await log.hours(channel);
  const counts = await countsOf(log, channel, span);
  const isInside = (hourUs: Micros) => hourUs + HOUR_US > span.fromUs && hourUs < span.untilUs;
  return new Map(hours.filter(isInside).map((hourUs) => [hourUs, counts.get(hourUs)]));
}

/** The counts of an index; none where it fails, as the hours are then known by their files alone. */
async function countsOf(
  { source: { finder } }: ChatLog,
  channel: string,
  span: TimeSpan,
): Promise<ReadonlyMap<Micros, number>> {
  const sums = new Map<Micros, number>();
  try {
    for (const { hourUs, counts } of (await finder?.counts(channel, span))?.found ?? []) {
      sums.set(hourUs, [...counts.values()].reduce((sum, count) => sum + count, 0));
    }
  } catch (error) {
    if (!(error instanceof ChatloomError)) throw error; // The archive is there all the same.
  }
  return sums;
}
