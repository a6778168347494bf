import type { JsonValue } from "./json_value.ts";
import { type Micros, SECOND_US } from "../time.ts";

// Canonical JSON is what the reference's Python encoder prints: sorted keys, no spaces, pure ASCII.

/** Characters that canonical JSON writes as they are: printable ASCII but quote and backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Whether canonical JSON prints all of `text` as it is. */
export function isPlainText(text: string): boolean {
  return PLAIN.test(text);
}

/** Writes a string, quotes included. */
export function formatString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : escapeString(text);
}

function escapeString(text: string): string {
  // JSON.stringify leaves U+007F and everything above as it is, but for lone surrogates.
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Writes a number as Python's `repr` of a float does: the shortest decimal that reads back as the
 * same double, always with a point or an exponent.
 *
 * @throws {RangeError} when `value` is not finite: JSON has no such number.
 */
export function formatFloat(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`Cannot write ${value} as JSON`);
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size >= 1e16 || (size < 1e-4 && size > 0)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

let cachedSecond = -1;
let cachedSecondText = "";

/**
 * Writes microseconds as seconds, as {@link formatFloat} writes `us / 1e6`. Whole microseconds below
 * 2^32 seconds only: there no shorter decimal means the same double, so six digits always do.
 */
export function formatSeconds(us: Micros): string {
  const fraction = us % SECOND_US;
  const second = (us - fraction) / SECOND_US;
  if (second === 0 && fraction > 0 && fraction < 100) return formatFloat(us / SECOND_US);
  if (second !== cachedSecond) {
    // Lines of a batch share their seconds, and printing a number is the slowest step here.
    cachedSecondText = String(second);
    cachedSecond = second;
  }
  if (fraction === 0) return `${cachedSecondText}.0`;
  let digits = String(SECOND_US + fraction).slice(1);
  while (digits.endsWith("0")) digits = digits.slice(0, -1);
  return `${cachedSecondText}.${digits}`;
}

/**
 * Orders strings by code point, as Python does. JavaScript's `<` goes by UTF-16 unit, which puts
 * U+1F600 before U+FF21.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    const before = i > 0 ? a.charCodeAt(i - 1) : 0;
    // Where a surrogate pair begins the same, the difference is in its second half: compare the whole.
    const at = before >= 0xd800 && before < 0xdc00 ? i - 1 : i;
    return a.codePointAt(at)! - b.codePointAt(at)!;
  }
  return a.length - b.length;
}

/** How deep unknown fields may nest: enough for any use, too little to exhaust a stack. */
export const DEPTH_MAX = 64;

/**
 * Writes any JSON value; numbers as JavaScript prints them.
 *
 * @throws {RangeError} when it nests deeper than {@link DEPTH_MAX} or holds a number that is not finite.
 */
export function formatValue(value: JsonValue, depth = 0): string {
  if (typeof value === "string") return formatString(value);
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError(`Cannot write ${value} as JSON`);
  }
  if (value === null || typeof value !== "object") return String(Object.is(value, -0) ? 0 : value);
  if (depth === DEPTH_MAX) {
    throw new RangeError(`Cannot write JSON: nested deeper than ${DEPTH_MAX}`);
  }
  if (Array.isArray(value)) {
    return `[${value.map((each: JsonValue) => formatValue(each, depth + 1)).join(",")}]`;
  }
  const fields = value as { readonly [key: string]: JsonValue };
  const pairs = Object.keys(fields).sort(compareCodePoints)
    .map((key) => `${formatString(key)}:${formatValue(fields[key]!, depth + 1)}`);
  return `{${pairs.join(",")}}`;
}
