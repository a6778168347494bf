import { parseJson } from "../../../../core/json/parse_json.ts";
import { type Micros, MILLISECOND_US, TIME_END_US } from "../../../../core/time.ts";

/** An object from a file of another tool: any field may be missing or have any type. */
export type LooseObject = { readonly [field: string]: unknown };

/** The object that `text` is, or `undefined` if it is none. */
export function parseObject(text: string): LooseObject | undefined {
  try {
    return toObject(parseJson(text));
  } catch {
    return undefined;
  }
}

/** `value` if it is an object. */
export function toObject(value: unknown): LooseObject | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? value as LooseObject : undefined;
}

/** A field of an object, own properties only. */
export function fieldOf(object: LooseObject | undefined, field: string): unknown {
  return object !== undefined && Object.hasOwn(object, field) ? object[field] : undefined;
}

/** A field that is an object. */
export function objectOf(object: LooseObject | undefined, field: string): LooseObject | undefined {
  return toObject(fieldOf(object, field));
}

/** A field that is an array; else an empty one. */
export function listOf(object: LooseObject | undefined, field: string): readonly unknown[] {
  const value = fieldOf(object, field);
  return Array.isArray(value) ? value : [];
}

/** A field as text, also where it is a number; `undefined` if it is neither, or empty. */
export function textOf(object: LooseObject | undefined, field: string): string | undefined {
  const value = fieldOf(object, field);
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What a login looks like on Twitch. */
const LOGIN = /^[a-z0-9_]{1,25}$/;

/** `name` in lower case if it can be a login. */
export function toLogin(name: string | undefined): string | undefined {
  const login = name?.replace(/^#/, "").toLowerCase();
  return login !== undefined && LOGIN.test(login) ? login : undefined;
}

/** A stretch of time as precise as a clock was. */
export interface ToldTime {
  readonly startUs: Micros;
  readonly endUs: Micros;
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/;

/**
 * A date and time, UTC unless it names its offset. With a fraction it is exact, to the millisecond as all that
 * Twitch tells; without, a second long. `undefined` if it is none.
 */
export function parseDateTime(text: string | undefined): ToldTime | undefined {
  const [, date, time, fraction, zone = "Z"] = DATE_TIME.exec(text ?? "") ?? [];
  if (date === undefined) return undefined;
  const wholeMs = Date.parse(`${date}T${time}${zone}`);
  if (Number.isNaN(wholeMs)) return undefined;
  const ms = wholeMs + Number((fraction ?? ".").slice(1, 4).padEnd(3, "0"));
  const startUs = ms * MILLISECOND_US;
  if (!(startUs >= 0 && startUs < TIME_END_US)) return undefined;
  return { startUs, endUs: fraction === undefined ? startUs + 999_999 : startUs };
}
