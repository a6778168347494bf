import { type Micros, MILLISECOND_US } from "../../../../core/time.ts";

/** What a node tells of a user. */
export interface PersonJson {
  /** The months of UTC in which they wrote, as `2026-07`. */
  readonly months: readonly string[] | undefined;
  /** The last first. */
  readonly names: readonly NameJson[] | undefined;
}

/** The names of a user. */
export interface KnownNames {
  /** The user's id. */
  readonly id: string;
  /** The last first. */
  readonly names: readonly NameJson[];
}

/** A login, and from when to when messages tell it. */
interface NameJson {
  readonly login: string;
  readonly firstUs: Micros;
  readonly lastUs: Micros;
}

type Fields = { readonly [field: string]: unknown };

/** Reads the months of `/list`; `undefined` if it is none. A node is not trusted to send what it should. */
export function readMonths(value: unknown): string[] | undefined {
  const { availableLogs } = (value ?? {}) as Fields;
  if (!Array.isArray(availableLogs)) return undefined;
  return availableLogs.flatMap((each: Fields | null) => {
    const [year, month] = [Number(each?.["year"]), Number(each?.["month"])];
    const isMonth = Number.isInteger(year) && year >= 1970 && year <= 9999 &&
      Number.isInteger(month) && month >= 1 && month <= 12;
    return isMonth ? [`${year}-${`${month}`.padStart(2, "0")}`] : [];
  });
}

/** Reads `/namehistory`; `undefined` if it is none. */
export function readNames(value: unknown): NameJson[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((each: Fields | null) => {
    const login = each?.["user_login"];
    const firstUs = timeOf(each?.["first_timestamp"]);
    const lastUs = timeOf(each?.["last_timestamp"]);
    return typeof login === "string" && firstUs >= 0 && lastUs >= firstUs
      ? [{ login, firstUs, lastUs }]
      : [];
  }).sort((a, b) => b.lastUs - a.lastUs);
}

function timeOf(value: unknown): Micros {
  return typeof value === "string" ? Date.parse(value) * MILLISECOND_US : NaN;
}
