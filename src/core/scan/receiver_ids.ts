import { decodeSpan } from "./byte_text.ts";

// A file names few receivers, over and over: a text made once is found faster than made again, and
// equal texts that are one are compared at once.
const RECENT_COUNT = 16;
const LENGTH_MAX = 64;
const recent: string[] = Array.from({ length: RECENT_COUNT }, () => "");

/** The plain ASCII id of a receiver, without its quotes. */
export function readReceiver(bytes: Uint8Array, from: number, to: number): string {
  const length = to - from;
  if (length === 0 || length > LENGTH_MAX) return decodeSpan(bytes, from, to);
  // Ids of one node differ in their last letters.
  const place = (bytes[to - 1]! + 3 * bytes[from]! + 5 * bytes[from + (length >> 1)]!) %
    RECENT_COUNT;
  const known = recent[place]!;
  if (known.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === bytes[from + i]) i++;
    if (i === length) return known;
  }
  return recent[place] = decodeSpan(bytes, from, to);
}
