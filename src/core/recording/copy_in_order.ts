import { LINE_FEED } from "../bytes.ts";
import type { ChunkedBytes } from "./chunked_bytes.ts";

const UTF8 = new TextEncoder();

/** Lines to copy. */
export interface LinesToCopy {
  /** Lines one after the other, each with its line feed. */
  readonly lines: ChunkedBytes;
  /** Whether `lines` stay as they are; else they are freed as they are copied. @default false */
  readonly areKept?: boolean;
  /** Where each of them ends, its line feed included. */
  readonly ends: readonly number[];
  /** By number, lines of ASCII that are not copied from there, without line feeds. */
  readonly texts: ReadonlyMap<number, string>;
  /** How many bytes all take together. */
  readonly length: number;
}

/**
 * A copy of lines in the order that is given by their numbers. Most came in order: those next to each
 * other are copied in one go.
 */
export function copyInOrder(
  order: readonly number[],
  { lines, areKept = false, ends, texts, length }: LinesToCopy,
): Uint8Array {
  const target = new Uint8Array(length);
  // At each place the first line that is not copied yet: the bytes before it can be freed, so that
  // the whole batch is never in memory twice.
  const firstLeft = new Int32Array(order.length + 1).fill(ends.length);
  for (let i = order.length - 1; i >= 0; i--) {
    firstLeft[i] = Math.min(order[i]!, firstLeft[i + 1]!);
  }
  let at = 0;
  for (let first = 0, next; first < order.length; first = next) {
    next = first + 1;
    const text = texts.get(order[first]!);
    if (text !== undefined) {
      at += UTF8.encodeInto(text, target.subarray(at)).written;
      target[at++] = LINE_FEED;
      continue;
    }
    while (next < order.length && order[next] === order[next - 1]! + 1) {
      if (texts.has(order[next]!)) break;
      next++;
    }
    const from = ends[order[first]! - 1] ?? 0;
    const to = ends[order[next - 1]!]!;
    lines.copy(from, to, { target, at });
    at += to - from;
    if (!areKept) lines.freeBefore(ends[firstLeft[next]! - 1] ?? 0);
  }
  return target;
}
