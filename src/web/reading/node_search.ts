import { fromSeconds, type Micros, minuteOf } from "../../core/time.ts";
import type { Message } from "../../core/batch/message.ts";
import type { ChatArchive } from "./chat_archive.ts";
import {
  searchChat,
  type SearchEnd,
  type SearchOptions,
  type SearchRequest,
} from "./chat_search.ts";

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
  // No node knows threads.
  if ((filter.thread ?? "") !== "") return await searchChat(archive, request, options);
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
