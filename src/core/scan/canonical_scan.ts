import { BACKSLASH, QUOTE } from "../bytes.ts";

// Reads canonical JSON straight from bytes. Each function scans one token at `at` and returns where
// it ends, or `NOT_FOUND` if it is not there in canonical form, or in a form rare enough to be left to the
// slow way of reading. Reading past the end gives `undefined`, which matches no token.

/** The token is not there. */
export const NOT_FOUND = -1;

const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** 1 for bytes that stand for themselves inside a string. */
const PLAIN = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte++) PLAIN[byte] = 1;
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;

/** After this and a backslash, a string goes on: `"\bfnrt`. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([...`"\\bfnrt`].map(byteOf));

function byteOf(letter: string): number {
  return letter.charCodeAt(0);
}

/** The bytes of ASCII text. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, byteOf);
}

/** Exactly these bytes. */
export function skipLiteral(bytes: Uint8Array, at: number, literal: Uint8Array): number {
  for (let i = 0; i < literal.length; i++) {
    if (bytes[at + i] !== literal[i]) return NOT_FOUND;
  }
  return at + literal.length;
}

/** A string with its quotes. */
export function skipString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return NOT_FOUND;
  let i = at + 1;
  while (true) {
    while (PLAIN[bytes[i]!] === 1) i++;
    if (bytes[i] === QUOTE) return i + 1;
    if (bytes[i] !== BACKSLASH) return NOT_FOUND;
    i = skipEscape(bytes, i + 1);
    if (i === NOT_FOUND) return NOT_FOUND;
  }
}

/** A string without any escape, with its quotes. */
export function skipPlainString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return NOT_FOUND;
  let i = at + 1;
  while (PLAIN[bytes[i]!] === 1) i++;
  return bytes[i] === QUOTE ? i + 1 : NOT_FOUND;
}

/** What follows a backslash. */
function skipEscape(bytes: Uint8Array, at: number): number {
  if (SHORT_ESCAPES.has(bytes[at]!)) return at + 1;
  if (bytes[at] !== 0x75) return NOT_FOUND;
  let unit = 0;
  for (let i = at + 1; i <= at + 4; i++) {
    const digit = hexValue(bytes[i]);
    if (digit === NOT_FOUND) return NOT_FOUND;
    unit = unit * 16 + digit;
  }
  // A character that needs no escape, or has a short one, is never written like this.
  if (unit >= 0x20 && unit < 0x7f) return NOT_FOUND;
  const hasShortEscape = unit === 8 || unit === 9 || unit === 10 || unit === 12 || unit === 13;
  return hasShortEscape ? NOT_FOUND : at + 5;
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return NOT_FOUND;
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : NOT_FOUND;
}

// Below this, doubles are closer to each other than decimals of six digits are.
const SECOND_END = 2 ** 32;

/**
 * A received time in its usual form: 10 digits, a point, and the shortest fraction that reads back as
 * the same double.
 */
export function skipReceived(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (!(first >= 0x31 && first <= NINE)) return NOT_FOUND;
  let second = 0;
  for (let i = at; i < at + 10; i++) {
    const digit = bytes[i]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return NOT_FOUND;
    second = second * 10 + digit;
  }
  if (second >= SECOND_END || bytes[at + 10] !== POINT) return NOT_FOUND;
  const from = at + 11;
  let fraction = 0;
  let to = from;
  for (; to < from + 7; to++) {
    const digit = bytes[to]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) break;
    fraction = fraction * 10 + digit;
  }
  if (to === from) return NOT_FOUND;
  if (bytes[to - 1] === ZERO && to > from + 1) return NOT_FOUND; // `.50`
  // Up to six digits, each decimal has a double of its own, of which it is the shortest form.
  if (to < from + 7 || isShortest(second, fraction)) return isDigit(bytes[to]) ? NOT_FOUND : to;
  return NOT_FOUND;
}

/**
 * The double that a number means which {@link skipReceived} took. Exact: up to six digits of fraction,
 * it is a quotient of two whole numbers below 2^53; of seven, a multiple of the grid.
 */
export function readReceived(bytes: Uint8Array, from: number, to: number): number {
  let second = 0;
  for (let at = from; at < from + 10; at++) second = second * 10 + bytes[at]! - ZERO;
  let fraction = 0;
  for (let at = from + 11; at < to; at++) fraction = fraction * 10 + bytes[at]! - ZERO;
  const digits = to - from - 11;
  if (digits === 7) return second + nearest(fraction * GRID, 1e7) / GRID;
  const unit = POWERS[digits]!;
  return (second * unit + fraction) / unit;
}

/**
 * A length of less than 100 s as it usually is: at least 0.1, a point, no more than 17 digits in all.
 * Whether it is the shortest form of its double is not looked at.
 */
export function skipLength(bytes: Uint8Array, at: number): number {
  let point = at;
  while (point < at + 3 && isDigit(bytes[point])) point++;
  const whole = point - at;
  if (whole === 0 || whole > 2 || bytes[point] !== POINT) return NOT_FOUND;
  if (bytes[at] === ZERO && (whole === 2 || bytes[point + 1] === ZERO)) return NOT_FOUND;
  let to = point + 1;
  while (to < point + 18 - whole && isDigit(bytes[to])) to++;
  if (to === point + 1 || isDigit(bytes[to])) return NOT_FOUND;
  return bytes[to - 1] === ZERO && to > point + 2 ? NOT_FOUND : to;
}

/**
 * The double that a number means which {@link skipLength} took; `NaN` if it has more than 15 digits,
 * of which this is not sure. With no more, it is the shortest form of its double.
 */
export function readLength(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > 16) return NaN;
  let digits = 0;
  let fractionFrom = to;
  for (let at = from; at < to; at++) {
    if (bytes[at] === POINT) fractionFrom = at + 1;
    else digits = digits * 10 + bytes[at]! - ZERO;
  }
  return digits / POWERS[to - fractionFrom]!;
}

/** 10^i, for `i` up to 17: each is exact. */
export const POWERS: readonly number[] = Array.from({ length: 18 }, (_, i) => Number(`1e${i}`));

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

// Between 2^30 and 2^31 doubles are 2^-22 apart: from 2004 to 2038.
const GRID = 2 ** 22;

/**
 * Whether `second` and a fraction of seven digits, the last not 0, are the shortest decimal of their
 * double, and of the shortest the nearest to it. All products stay below 2^53, so this is exact;
 * where two candidates are equally near it returns false, and the slow way decides.
 */
function isShortest(second: number, fraction: number): boolean {
  if (second < 2 ** 30 || second >= 2 ** 31) return false;
  const step = nearest(fraction * GRID, 1e7);
  if (step === NOT_FOUND || nearest(step * 1e7, GRID) !== fraction) return false;
  const sixDigits = nearest(step * 1e6, GRID);
  return sixDigits !== NOT_FOUND && nearest(sixDigits * GRID, 1e6) !== step &&
    nearest(sixDigits * GRID, 1e6) !== NOT_FOUND;
}

/** The whole number nearest to `value / unit`, or `NOT_FOUND` if two are. */
function nearest(value: number, unit: number): number {
  // The quotient may be off by one, which the remainder shows: both products are exact.
  const quotient = Math.floor(value / unit);
  const rest = value - quotient * unit;
  if (rest < 0 || rest * 2 === unit) return NOT_FOUND;
  return quotient + (rest * 2 > unit ? 1 : 0);
}
