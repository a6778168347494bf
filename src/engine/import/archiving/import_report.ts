import { DAY_US, type Micros, MILLISECOND_US } from "../../../core/time.ts";

/** What became of the lines of one day. They add up: each line is counted once. */
export interface DayCounts {
  /** Lines, or entries, that were read. */
  lines: number;
  /** Messages that are new to the archive. */
  messages: number;
  /** Messages that the archive had from other receivers: they gained this one. */
  confirmed: number;
  /** Lines that repeat another, or what an earlier import archived. */
  doubles: number;
  /** Messages whose id stands in the archive with another content, as with more tags: left out. */
  held: number;
  /** Lines that were refused: reason → how many. */
  readonly refused: Map<string, number>;
}

/** The outcome of a line. */
export type LineOutcome = "messages" | "confirmed" | "doubles" | "held";

/** More days are counted together: a hostile file may name any. */
const DAYS_MAX = 20_000;

/** Counts by day (UTC). The day of a line that tells none is `"no date"`. */
export class ImportReport {
  readonly #days = new Map<string, DayCounts>();
  #lineCount = 0;

  /** How many lines were counted. */
  get lineCount(): number {
    return this.#lineCount;
  }

  /** The days in order, each as `2026-08-01`. */
  days(): readonly (readonly [day: string, counts: DayCounts])[] {
    return [...this.#days].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** All days together. */
  total(): DayCounts {
    const total = noCounts();
    for (const counts of this.#days.values()) addCounts(total, counts);
    return total;
  }

  /** Counts a message. */
  count(outcome: LineOutcome, atUs: Micros): void {
    const day = this.#dayOf(atUs);
    day.lines++;
    this.#lineCount++;
    day[outcome]++;
  }

  /** Counts a line that was refused. */
  refuse(reason: string, atUs?: Micros): void {
    const day = this.#dayOf(atUs);
    day.lines++;
    this.#lineCount++;
    day.refused.set(reason, (day.refused.get(reason) ?? 0) + 1);
  }

  #dayOf(atUs: Micros | undefined): DayCounts {
    if (atUs === undefined) return this.#named(NO_DATE);
    return this.#named(dayName(atUs));
  }

  #named(name: string): DayCounts {
    const known = this.#days.get(name);
    if (known !== undefined) return known;
    if (this.#days.size >= DAYS_MAX && name !== OTHERS) return this.#named(OTHERS);
    const counts = noCounts();
    this.#days.set(name, counts);
    return counts;
  }
}

const NO_DATE = "no date";
const OTHERS = "other days";
let lastDay = -1;
let lastName = "";

/** Calendars are slow, and lines come day by day. */
function dayName(atUs: Micros): string {
  const day = Math.floor(atUs / DAY_US);
  if (day !== lastDay) {
    lastDay = day;
    lastName = new Date(atUs / MILLISECOND_US).toISOString().slice(0, 10);
  }
  return lastName;
}

function noCounts(): DayCounts {
  return { lines: 0, messages: 0, confirmed: 0, doubles: 0, held: 0, refused: new Map() };
}

function addCounts(into: DayCounts, from: DayCounts): void {
  into.lines += from.lines;
  into.messages += from.messages;
  into.confirmed += from.confirmed;
  into.doubles += from.doubles;
  into.held += from.held;
  for (const [reason, amount] of from.refused) {
    into.refused.set(reason, (into.refused.get(reason) ?? 0) + amount);
  }
}
