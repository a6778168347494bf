import { HOUR_US, type Micros, TIME_END_US } from "../../core/time.ts";
import type { IndexedHour, IndexSpan } from "../../ports/index/chat_index.ts";
import { DamagedIndexError } from "./damaged_index_error.ts";
import { decodeMinutes, type StoredMinute } from "./person_minutes.ts";

/** A row of a database's answer, by the names of its columns. */
type Row = Readonly<Record<string, unknown>>;

/** The numbers since 1970 of the hours or minutes that start in a span. */
export function numbersOf(
  { fromUs = 0, untilUs = TIME_END_US }: IndexSpan,
  unitUs: Micros,
): [number, number] {
  const within = (us: Micros) => Math.ceil(Math.min(Math.max(0, us), TIME_END_US) / unitUs);
  return [within(fromUs), within(untilUs)];
}

/** An hour, counted since 1970, as the columns of its row say. */
export function hourOfRow(hour: number, text: (column: string) => string): IndexedHour {
  return {
    hourUs: hour * HOUR_US,
    stamp: { files: text("files"), orders: text("orders"), folders: text("folders") },
    counts: parseCounts(text("counts")),
  };
}

/** How many messages of each command an hour holds, as text for a column. */
export function formatCounts(counts: IndexedHour["counts"]): string {
  return [...counts].map(([command, count]) => `${command} ${count}`).join("\n");
}

/**
 * Undoes {@link formatCounts}.
 *
 * @throws {DamagedIndexError} when a count is none.
 */
function parseCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text === "" ? [] : text.split("\n")) {
    const [command = "", count = ""] = line.split(" ");
    if (!/^[1-9]\d*$/.test(count)) throw new DamagedIndexError("a count is no number");
    counts.set(command, Number(count));
  }
  return counts;
}

/**
 * The text in a column.
 *
 * @throws {DamagedIndexError} when it has none.
 */
export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new DamagedIndexError(`a row has no ${column}`);
  return value;
}

/**
 * The minutes of a block in the column `entries`.
 *
 * @throws {DamagedIndexError} when it has none.
 */
export function minutesIn(row: Row, block: number): StoredMinute[] {
  const { entries } = row;
  if (!(entries instanceof Uint8Array)) throw new DamagedIndexError("a row has no bytes");
  return decodeMinutes(block, entries);
}
