import type { ChatLog } from "./chat_log.ts";
import type { Room } from "./room_directory.ts";
import { cursorOf, type SearchPage, type SearchQuery, searchRoom } from "./search_room.ts";

/**
 * Searches several rooms from the newest line back, as one: a page ends where the first of them stopped. Going on
 * never leaves out a line; it may repeat lines of the cursor's time.
 *
 * @throws {ScanTimeoutError} when no stretch could be searched in time.
 * @throws {ChatloomError} when the store fails.
 */
export async function searchRooms(
  log: ChatLog,
  rooms: readonly Room[],
  query: SearchQuery,
): Promise<SearchPage> {
  const pages: SearchPage[] = [];
  for (const room of rooms) pages.push(await searchRoom(log, room, query));
  if (pages.length === 1) return pages[0]!;
  const open = pages.filter(({ next }) => next !== undefined);
  const searchedFromUs = Math.max(
    query.fromUs,
    ...open.map((page) => page.searchedFromUs),
  );
  const found = pages.flatMap(({ lines }) => lines)
    .filter(({ startUs }) => open.length === 0 || startUs >= searchedFromUs)
    .sort((a, b) => b.startUs - a.startUs);
  const lines = found.slice(0, query.limit);
  const last = lines.at(-1);
  const isAll = open.length === 0 && lines.length === found.length;
  if (isAll) return { lines, next: undefined, searchedFromUs };
  if (last === undefined) {
    return { lines, next: { us: searchedFromUs, mark: "" }, searchedFromUs };
  }
  const isCut = lines.length < found.length;
  return { lines, next: cursorOf(last), searchedFromUs: isCut ? last.startUs : searchedFromUs };
}
