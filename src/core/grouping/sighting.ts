import type { Micros } from "../time.ts";

/**
 * One receiver's report of one content: when it was received, and the earliest and latest time it was
 * sent.
 */
export interface Sighting {
  /** The id of the connection that got the message. */
  readonly receiver: string;
  /** The received time, in seconds by the receiver's clock: kept and compared, never computed with. */
  readonly receivedS: number;
  /** The message was not sent before this. */
  readonly startUs: Micros;
  /** The message was not sent after this. At most 60 s later than `startUs`. */
  readonly endUs: Micros;
}

/** Orders received times: by value, and `-0` before `0`, so that only the same double is equal. */
export function compareReceived(left: number, right: number): number {
  if (left !== right) return left < right ? -1 : 1;
  if (left !== 0) return 0;
  return Number(Object.is(right, -0)) - Number(Object.is(left, -0));
}

/** Orders text by UTF-16 code unit: what `<` does, for sorting. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Of two ranges that one receiver reports for the same received time, whether `left` is the one to
 * keep: it starts earlier, or ends later if both start together. Picking the first of a total order
 * is what makes the join a semilattice.
 */
export function isWider(
  left: Pick<Sighting, "startUs" | "endUs">,
  right: Pick<Sighting, "startUs" | "endUs">,
): boolean {
  return left.startUs < right.startUs ||
    (left.startUs === right.startUs && left.endUs > right.endUs);
}
