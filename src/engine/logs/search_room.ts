import type { Message } from "../../core/batch/message.ts";
import { meetsFilter } from "../../core/text/message_filter.ts";
import { meetsTextSearch, searchableText, type TextSearch } from "../../core/text/text_search.ts";
import { HOUR_US, type Micros, SECOND_US } from "../../core/time.ts";
import { ScanBudget, ScanTimeoutError } from "./scan_budget.ts";
import type { ChatLog } from "./chat_log.ts";
import type { TimeSpan } from "./minute_finder.ts";
import type { LinePick, LogLine } from "./pick_lines.ts";
import type { Room } from "./room_directory.ts";

/** What is looked for: all of some words and phrases, in any case, or a match of a pattern. */
export type SearchTerm =
  | TextSearch
  | { readonly matches: (text: string) => boolean };

/** Where a search goes on: after the line at `us` with `mark`, or with all lines before `us`. */
export interface SearchCursor {
  readonly us: Micros;
  /** Tells the line from others of its time; `""` for none. */
  readonly mark: string;
}

/** Which lines of a room to look for. */
export interface SearchQuery extends TimeSpan {
  readonly term: SearchTerm;
  /** Only lines by which a filter finds one of these, as `MessageFilter` has them. @default those of all users */
  readonly users?: ReadonlySet<string> | undefined;
  /** @default those that a log shows */
  readonly commands?: LinePick["commands"] | undefined;
  /** The page ends after this time, in microseconds, with what was found. @default 8 s */
  readonly pageMaxUs?: Micros | undefined;
  /** At most this many lines. */
  readonly limit: number;
  /** Where an earlier search stopped. */
  readonly cursor?: SearchCursor | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The newest lines that a search found. */
export interface SearchPage {
  /** Newest first. */
  readonly lines: readonly LogLine[];
  /** Where to go on; `undefined` when all was searched. */
  readonly next: SearchCursor | undefined;
  /** All after this was searched. */
  readonly searchedFromUs: Micros;
}

/** A search stops after this time with what it found, by default. */
const PAGE_MAX_US = 8 * SECOND_US;

/** The stretches that are searched one after another, which grow while they are quick. */
const FIRST_STRETCH_US = 6 * HOUR_US;
const STRETCH_MAX_US = 366 * 24 * HOUR_US;
const QUICK_US = SECOND_US;

/**
 * Searches a room from the newest line back, for some seconds at most: the page then ends there, and its cursor
 * goes on. Going on never leaves out a line that was there all the time; it may repeat one.
 *
 * @throws {ScanTimeoutError} when no stretch could be searched in time.
 * @throws {ChatloomError} when the store fails.
 */
export async function searchRoom(
  log: ChatLog,
  room: Room,
  query: SearchQuery,
): Promise<SearchPage> {
  const { cursor, limit, signal, pageMaxUs = PAGE_MAX_US } = query;
  const { clock } = log;
  const budget = new ScanBudget(clock, PAGE_MAX_US);
  const beganUs = clock.elapsedUs();
  const lines: LogLine[] = [];
  const firstUs = Math.max(query.fromUs, await firstHourOf(log, room));
  const startUs = Math.min(query.untilUs, cursor === undefined ? Infinity : endOf(cursor));
  let untilUs = startUs;
  // Beyond now only what a wrong clock wrote can be: it is found in the first stretch.
  let stretchUs = Math.max(FIRST_STRETCH_US, untilUs - clock.wallUs() + FIRST_STRETCH_US);
  const page = (next: SearchCursor | undefined, searchedFromUs: Micros): SearchPage => ({
    lines,
    next,
    searchedFromUs,
  });
  while (untilUs > firstUs) {
    const fromUs = Math.max(firstUs, untilUs - stretchUs);
    const startedUs = clock.elapsedUs();
    const span = { fromUs, untilUs, isReversed: true, budget, signal };
    try {
      const found = log.lines(room, { ...span, ...conditionOf(query) });
      for await (const line of resumed(found, untilUs === startUs ? cursor : undefined)) {
        lines.push(line);
        const isLate = clock.elapsedUs() - beganUs > pageMaxUs;
        if (lines.length >= limit || isLate) return page(cursorOf(line), line.startUs);
      }
    } catch (error) {
      if (!(error instanceof ScanTimeoutError)) throw error;
      const last = lines.at(-1);
      if (last !== undefined && last.startUs < untilUs) return page(cursorOf(last), last.startUs);
      if (untilUs === startUs) throw error;
      return page({ us: untilUs, mark: "" }, untilUs);
    }
    untilUs = fromUs;
    if (untilUs <= firstUs) break;
    if (clock.elapsedUs() - beganUs > pageMaxUs) return page({ us: untilUs, mark: "" }, untilUs);
    const isQuick = clock.elapsedUs() - startedUs < QUICK_US;
    stretchUs = isQuick ? Math.min(2 * stretchUs, STRETCH_MAX_US) : FIRST_STRETCH_US;
  }
  return page(undefined, query.fromUs);
}

/** The hour of the room's first file; nothing is older. */
async function firstHourOf(log: ChatLog, room: Room): Promise<Micros> {
  let firstUs = Infinity;
  for (const { channel, fromUs } of room.spans) {
    // Until it is settled, a message at the edge of an hour may stand in a file of the next one.
    firstUs = Math.min(firstUs, Math.max(fromUs, await log.firstHour(channel) - HOUR_US));
  }
  return firstUs;
}

const NO_USERS: ReadonlySet<string> = new Set();

function conditionOf({ term, users = NO_USERS, commands }: SearchQuery) {
  const filter = { users, commands: new Set<string>(), text: "" };
  const meetsTerm = "matches" in term
    ? (message: Message) => term.matches(searchableText(message))
    : (message: Message) => meetsTextSearch(message, term);
  const words = "matches" in term ? [] : term.words;
  return {
    ...(commands === undefined ? {} : { commands }),
    ...(users.size === 0 ? {} : { namedUsers: [...users] }),
    ...(words.length === 0 ? {} : { words, needles: needlesOf(words) }),
    accepts: (message: Message) => meetsFilter(message, filter) && meetsTerm(message),
  };
}

/**
 * What each line with these words holds. A word of ASCII stands there as it is, or is folded from other letters,
 * which canonical JSON escapes.
 */
function needlesOf(words: readonly string[]): string[] {
  const plain = words.filter((word) => /^[a-z0-9_]+$/.test(word));
  const longest = plain.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? ["\\u"] : [longest, "\\u"];
}

/** The end of what is left to search: lines of the cursor's own time may be left. */
function endOf({ us, mark }: SearchCursor): Micros {
  return mark === "" ? us : us + 1;
}

/** The cursor behind a line. */
export function cursorOf(line: LogLine): SearchCursor {
  return { us: line.startUs, mark: markOf(line) };
}

/** Lines from a cursor on: without those that the caller has. Lines of the cursor's time come first. */
async function* resumed(
  batches: AsyncIterable<LogLine[]>,
  cursor: SearchCursor | undefined,
): AsyncGenerator<LogLine> {
  let same: LogLine[] | undefined = cursor === undefined || cursor.mark === "" ? undefined : [];
  for await (const batch of batches) {
    for (const line of batch) {
      if (same === undefined) yield line;
      else if (line.startUs === cursor!.us) same.push(line);
      else {
        yield* unseen(same, cursor!);
        same = undefined;
        yield line;
      }
    }
  }
  if (same !== undefined) yield* unseen(same, cursor!);
}

/** What comes after the line that the cursor names; all if it is gone. */
function unseen(same: readonly LogLine[], { mark }: SearchCursor): readonly LogLine[] {
  return same.slice(same.findIndex((line) => markOf(line) === mark) + 1);
}

/** A short text that tells a line from others of its time: FNV-1a over its id, author and text. */
function markOf({ message }: LogLine): string {
  const { tags, sender, params, command } = message;
  let hash = 0x811c9dc5;
  const text = JSON.stringify([tags?.["id"] ?? "", command, sender, params]);
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash.toString(36);
}
