import type { Message } from "../../core/batch/message.ts";
import { meetsFilter, type MessageFilter, searchedText } from "../../core/text/message_filter.ts";
import { type Filter, isEmptyFilter, isOfThread, isRemovedSo, plainFilter } from "./filter.ts";
import { meetsTextSearch, parseTextSearch, type TextSearch } from "../../core/text/text_search.ts";
import type { Micros } from "../../core/time.ts";
import type { Span } from "./chat_archive.ts";
import { minutesWithRemovals, REMOVAL_END_US } from "./removals/minutes_with_removals.ts";
import type { Removals } from "./removals/removals.ts";
import { Matcher } from "./matcher.ts";

/**
 * What has to be read for a filter to be held against a span: all of it, or what may meet the filter, and where it asks
 * for removed messages, the actions after it.
 */
export function spanFor(
  filter: Filter,
  { fromUs, untilUs }: Span,
): Span & { readonly wanted: MessageFilter } {
  const wanted = plainFilter(filter);
  if (filter.removed === undefined) return { fromUs, untilUs, wanted };
  // Who is wanted, what was removed of them, and the actions.
  return { fromUs, untilUs: untilUs + REMOVAL_END_US, wanted: { ...wanted, commands: new Set() } };
}

/** Minutes that were read for {@link spanFor}, and what removed messages of them where the filter asks for it. */
export function withRemovals<M extends { readonly minuteUs: Micros; messages: readonly Message[] }>(
  minutes: AsyncIterable<M>,
  { filter, untilUs }: { readonly filter: Filter; readonly untilUs: Micros },
): AsyncIterable<M & { readonly removals?: Removals }> {
  return filter.removed === undefined ? minutes : minutesWithRemovals(minutes, untilUs);
}

/** Finds the messages of minute after minute that meet a filter. */
export class RowMatcher {
  readonly #filter: Filter;
  readonly #matcher: Matcher | undefined;
  readonly #search: TextSearch | undefined;

  /**
   * A matcher of `filter`. The caller stops it.
   *
   * @param options.hasWholeWords reads the text as words and phrases, as a node does. @default any part of a text
   * @throws {ChatloomError} `INPUT_UNREADABLE` when its text should be a regular expression and is none.
   */
  constructor(
    filter: Filter,
    { hasWholeWords = false }: { readonly hasWholeWords?: boolean } = {},
  ) {
    this.#filter = filter;
    const isRegex = filter.isRegex && filter.text !== "";
    this.#search = hasWholeWords && !isRegex ? parseTextSearch(filter.text) : undefined;
    this.#matcher = isRegex ? new Matcher(filter.text) : undefined;
  }

  /**
   * The places of the messages that match, ascending; `undefined` if there is no filter.
   *
   * @param removals What removed some of them, where the filter asks for it.
   * @throws {ChatloomError} `INPUT_UNREADABLE` when the regular expression takes too long.
   */
  async rows(
    messages: readonly Message[],
    removals?: Removals,
  ): Promise<Uint32Array | undefined> {
    if (isEmptyFilter(this.#filter)) return undefined;
    const rows: number[] = [];
    const search = this.#search;
    const plain = plainFilter(this.#filter);
    const filter = search === undefined ? plain : { ...plain, text: "" };
    for (const [row, message] of messages.entries()) {
      if (!meetsFilter(message, filter) || !isOfThread(message, this.#filter)) continue;
      if (!isRemovedSo(message, this.#filter, removals)) continue;
      if (search === undefined || meetsTextSearch(message, search)) rows.push(row);
    }
    if (this.#matcher === undefined || rows.length === 0) return Uint32Array.from(rows);
    const texts = rows.map((row) => searchedText(messages[row]!));
    const isMatch = await this.#matcher.match(texts);
    return Uint32Array.from(rows.filter((_, i) => isMatch[i]));
  }

  /** Ends its worker. */
  stop(): void {
    this.#matcher?.stop();
  }
}
