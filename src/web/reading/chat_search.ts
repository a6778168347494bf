import type { Message } from "../../core/batch/message.ts";
import { fromSeconds, HOUR_US, type Micros, minuteOf } from "../../core/time.ts";
import type { ChatArchive, Span } from "./chat_archive.ts";
import type { Filter } from "./filter.ts";
import { RowMatcher, spanFor, withRemovals } from "./matching_rows.ts";
import { scanMinute } from "./minute_summary.ts";

/** What to search for, and where. */
export interface SearchRequest extends Span {
  readonly channel: string;
  readonly filter: Filter;
  /** A search rests once it has found this many. */
  readonly limit: number;
  /** Where a node goes on. @default `""`, at the end of the span */
  readonly cursor?: string;
}

/** What a search found since it told last. */
export interface SearchProgress {
  /** From the last back. */
  readonly hits: readonly Message[];
  /** How many messages of a minute were found, for each that has any. */
  readonly counts: readonly (readonly [minuteUs: Micros, count: number])[];
  /** All from here to the end was searched. */
  readonly searchedUs: Micros;
  /** Where a node goes on. */
  readonly cursor?: string | undefined;
}

/** How a search ended. */
export interface SearchEnd {
  /** It goes on before this; `undefined` when all was searched. */
  readonly untilUs: Micros | undefined;
  /** Where a node goes on, if it is one. */
  readonly cursor?: string;
}

/** How a search is followed, and stopped. */
export interface SearchOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SearchProgress) => void;
}

/** The first page is small, so that the first hits are there soon. */
const FIRST_PAGE = 20;
const PAGE_MAX = 200;

/**
 * Searches a channel from the end of a span back, until enough is found: by the source itself where it can, and else
 * by reading its chat. Both take words alike.
 *
 * @throws {ChatloomError} when the source refuses, with its reason, or cannot be read.
 */
export async function search(
  archive: ChatArchive,
  request: SearchRequest,
  options: SearchOptions,
): Promise<SearchEnd> {
  const { channel, filter, fromUs, untilUs, limit } = request;
  const { signal, onProgress } = options;
  // No node knows threads, nor which messages were removed.
  if ((filter.thread ?? "") !== "" || filter.removed !== undefined) {
    return await searchChat(archive, request, options);
  }
  let [cursor, found, size] = [request.cursor ?? "", 0, FIRST_PAGE];
  while (true) {
    const page = await archive.search?.(channel, {
      fromUs,
      untilUs,
      q: filter.isRegex ? "" : filter.text,
      regex: filter.isRegex ? filter.text : "",
      user: filter.user,
      command: filter.command,
      cursor,
      limit: Math.min(size, limit - found),
    }, signal);
    if (page === undefined) return await searchChat(archive, request, options);
    const { messages, next, searchedFromUs } = page;
    onProgress({
      hits: messages,
      counts: countsOf(messages),
      searchedUs: searchedFromUs,
      cursor: next,
    });
    if (next === undefined) return { untilUs: undefined };
    found += messages.length;
    if (found >= limit) return { untilUs: searchedFromUs, cursor: next };
    [cursor, size] = [next, PAGE_MAX];
  }
}

function countsOf(messages: readonly Message[]): (readonly [minuteUs: Micros, count: number])[] {
  const counts = new Map<Micros, number>();
  for (const { time } of messages) {
    const minuteUs = minuteOf(fromSeconds(time));
    counts.set(minuteUs, (counts.get(minuteUs) ?? 0) + 1);
  }
  return [...counts];
}

// What is read at once: little at first, so that something is there soon, then more and more.
const FIRST_US = HOUR_US;
const LONGEST_US = 24 * HOUR_US;
/** Where a stretch has this many, the next ones are shorter: they come in order of time and are turned round. */
const MANY = 500;

/**
 * Searches a channel from the end of a span back, until it has found enough. Only hours that have files
 * are read.
 *
 * @throws {ChatloomError} when the archive cannot be read, or a regular expression is none or takes too long.
 */
async function searchChat(
  archive: ChatArchive,
  { channel, filter, limit, ...span }: SearchRequest,
  { signal, onProgress }: SearchOptions,
): Promise<SearchEnd> {
  const matcher = new RowMatcher(filter, { hasWholeWords: true });
  try {
    const hours = (await archive.hours(channel, signal))
      .filter((hourUs) => hourUs + HOUR_US > span.fromUs && hourUs < span.untilUs);
    let [found, lengthUs] = [0, FIRST_US];
    for (let last = hours.at(-1); last !== undefined; last = hours.at(-1)) {
      if (found >= limit) return { untilUs: Math.min(last + HOUR_US, span.untilUs) };
      const firstUs = last + HOUR_US - lengthUs;
      while ((hours.at(-1) ?? -Infinity) >= firstUs) hours.pop();
      const stretch = {
        fromUs: Math.max(firstUs, span.fromUs),
        untilUs: Math.min(last + HOUR_US, span.untilUs),
      };
      const minutes = await searchStretch(archive, { channel, filter, matcher, stretch, signal });
      const hits = minutes.flatMap(({ hits }) => hits).reverse();
      const counts = minutes.map(({ minuteUs, hits }) => [minuteUs, hits.length] as const);
      onProgress({ hits, counts, searchedUs: stretch.fromUs });
      found += hits.length;
      lengthUs = hits.length > MANY ? FIRST_US : Math.min(2 * lengthUs, LONGEST_US);
    }
    return { untilUs: undefined };
  } finally {
    matcher.stop();
  }
}

interface MinuteHits {
  readonly minuteUs: Micros;
  readonly hits: readonly Message[];
}

/** The hits of a stretch by minute, in order. */
async function searchStretch(
  archive: ChatArchive,
  { channel, filter, matcher, stretch, signal }: {
    readonly channel: string;
    readonly filter: Filter;
    readonly matcher: RowMatcher;
    readonly stretch: Span;
    readonly signal: AbortSignal;
  },
): Promise<MinuteHits[]> {
  const found: MinuteHits[] = [];
  // A minute is read whole.
  const span = spanFor(filter, { ...stretch, fromUs: minuteOf(stretch.fromUs) });
  async function* scanned() {
    for await (const { minuteUs, bytes } of archive.minutes(channel, span, signal)) {
      signal.throwIfAborted();
      yield { minuteUs, messages: scanMinute(minuteUs, bytes).messages };
    }
  }
  const minutes = withRemovals(scanned(), { filter, untilUs: stretch.untilUs });
  for await (const { minuteUs, messages, removals } of minutes) {
    const rows = await matcher.rows(messages, removals);
    const hits = rows === undefined ? messages : Array.from(rows, (row) => messages[row]!);
    if (hits.length > 0) found.push({ minuteUs, hits });
  }
  return found;
}
