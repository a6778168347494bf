import { POWERS } from "./canonical_scan.ts";

// Lengths are differences of two times, so from 2004 to 2038 they are multiples of 2^-22 s, and their
// shortest decimal has up to 17 digits. All products here stay below 2^53, so all is exact.

const GRID = 2 ** 22;
const LENGTH_END_S = 64;
const HALF_DIGITS = 8;
const HALF = 1e8;
const POINT = 0x2e;
const ZERO = 0x30;

/**
 * The double that a length of 16 or 17 digits in the form of `skipLength` means, if it is a multiple of
 * 2^-22 s and the digits are its shortest form; else `NaN`: the slow way decides.
 */
export function readLongLength(bytes: Uint8Array, from: number, to: number): number {
  let whole = 0;
  let at = from;
  for (; bytes[at] !== POINT; at++) whole = whole * 10 + bytes[at]! - ZERO;
  at++;
  const digits = to - at;
  if (whole < 1 || whole >= LENGTH_END_S || digits <= HALF_DIGITS) return NaN;
  let high = 0;
  for (const end = at + HALF_DIGITS; at < end; at++) high = high * 10 + bytes[at]! - ZERO;
  let low = 0;
  for (; at < to; at++) low = low * 10 + bytes[at]! - ZERO;
  // The multiple that is nearest to the first digits: the others are too few to matter.
  const step = Math.round(high * GRID / HALF);
  const product = step * HALF;
  const rest = product % GRID;
  if ((product - rest) / GRID !== high) return NaN;
  // The digits of the multiple that follow, and what is left behind them.
  const exactLow = rest * POWERS[digits - HALF_DIGITS]! / GRID;
  const value = whole + step / GRID;
  // Half the distance to the next double, as all distances below in units of the last digit.
  const half = POWERS[digits]! * 2 ** (31 - Math.clz32(whole) - 53);
  const off = Math.abs(low - exactLow);
  if (off >= half || off >= 0.5) return NaN;
  const beyondTen = exactLow % 10;
  return Math.min(beyondTen, 10 - beyondTen) > half ? value : NaN;
}
