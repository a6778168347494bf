import type { Micros } from "../../core/time.ts";

/** The messages of one minute that are shown, as a stretch of the list. */
export interface Block {
  readonly minuteUs: Micros;
  /** How many rows it has. */
  readonly count: number;
  /** Places of its shown messages in the minute; without it all are shown. */
  readonly rows: Uint32Array | undefined;
}

/** A row: which of a block. */
export interface RowPlace {
  readonly minuteUs: Micros;
  /** Counted from 0 within the block. */
  readonly row: number;
}

interface Measured {
  block: Block;
  /** 0 where a row was not measured. */
  heights: Float32Array | undefined;
  /** Sum of the measured ones. */
  measuredPx: number;
  measuredCount: number;
}

/**
 * How far down each row of a long list stands. Heights are learned as rows are shown; the others
 * count as tall as those on average. Costs follow the number of minutes and of rows in one minute,
 * not the length of the list.
 */
export class RowLayout {
  #blocks: Measured[] = [];
  #tops: number[] | undefined;
  #firstIndexes: number[] | undefined;
  #estimatePx: number;

  /** An empty list whose rows are likely `estimatePx` tall. */
  constructor(estimatePx: number) {
    this.#estimatePx = estimatePx;
  }

  /** Puts blocks in, each in its place by time, or in place of one of the same minute. */
  put(blocks: readonly Block[]): void {
    for (const block of blocks) {
      const at = this.#firstNotBefore(block.minuteUs);
      const there = this.#blocks[at];
      const isThere = there?.block.minuteUs === block.minuteUs;
      const fresh = { block, heights: undefined, measuredPx: 0, measuredCount: 0 };
      if (block.count === 0) {
        if (isThere) this.#blocks.splice(at, 1);
      } else this.#blocks.splice(at, isThere ? 1 : 0, fresh);
    }
    this.#forgetSums();
  }

  /** Forgets all measurements: the list has another width. */
  remeasure(): void {
    for (const each of this.#blocks) {
      each.heights = undefined;
      each.measuredPx = 0;
      each.measuredCount = 0;
    }
    this.#forgetSums();
  }

  /** Learns how tall a row is. Returns whether the height changed. */
  measure({ minuteUs, row }: RowPlace, heightPx: number): boolean {
    const each = this.#blocks[this.#firstNotBefore(minuteUs)];
    if (each?.block.minuteUs !== minuteUs || row >= each.block.count) return false;
    each.heights ??= new Float32Array(each.block.count);
    const before = each.heights[row]!;
    if (Math.abs(before - heightPx) < 0.5) return false;
    each.heights[row] = heightPx;
    each.measuredPx += heightPx - before;
    if (before === 0) each.measuredCount++;
    this.#tops = undefined; // How many rows there are before a block stays as it is.
    return true;
  }

  /** Rows in all. */
  get count(): number {
    const last = this.#blocks.length - 1;
    return last < 0 ? 0 : this.#indexes()[last]! + this.#blocks[last]!.block.count;
  }

  /** Height of all rows. */
  get heightPx(): number {
    const last = this.#blocks.length - 1;
    return last < 0 ? 0 : this.#sums()[last]! + this.#heightOf(this.#blocks[last]!);
  }

  /** The block of a minute. */
  block(minuteUs: Micros): Block | undefined {
    const each = this.#blocks[this.#firstNotBefore(minuteUs)];
    return each?.block.minuteUs === minuteUs ? each.block : undefined;
  }

  /** Which of all messages of its minute stands in a row. */
  rowInMinute({ minuteUs, row }: RowPlace): number {
    return this.block(minuteUs)?.rows?.[row] ?? row;
  }

  /** The places of rows within their minutes, by the minute. */
  rowsByMinute(places: Iterable<RowPlace>): Map<Micros, number[]> {
    const byMinute = new Map<Micros, number[]>();
    for (const place of places) {
      const row = this.rowInMinute(place);
      const rows = byMinute.get(place.minuteUs);
      if (rows === undefined) byMinute.set(place.minuteUs, [row]);
      else rows.push(row);
    }
    return byMinute;
  }

  /** The place of a row among all, counted from 0. */
  indexOf({ minuteUs, row }: RowPlace): number {
    const at = this.#firstNotBefore(minuteUs);
    return at === this.#blocks.length ? this.count : this.#indexes()[at]! + row;
  }

  /** The row at a place among all; `undefined` if there is none. */
  at(index: number): RowPlace | undefined {
    if (index < 0 || index >= this.count) return undefined;
    const block = lastNotAbove(this.#indexes(), index);
    const { minuteUs } = this.#blocks[block]!.block;
    return { minuteUs, row: index - this.#indexes()[block]! };
  }

  /** How far down the top of a row is. A minute without rows is where it would be. */
  topOf({ minuteUs, row }: RowPlace): number {
    const at = this.#firstNotBefore(minuteUs);
    const each = this.#blocks[at];
    if (each === undefined) return this.heightPx;
    const inside = each.block.minuteUs === minuteUs ? this.#heightOfFirst(each, row) : 0;
    return this.#sums()[at]! + inside;
  }

  /** The row at a height, the first or last if that is beyond them; `undefined` in an empty list. */
  rowAt(topPx: number): RowPlace | undefined {
    if (this.#blocks.length === 0) return undefined;
    const sums = this.#sums();
    const at = Math.max(0, lastNotAbove(sums, topPx));
    const each = this.#blocks[at]!;
    let restPx = topPx - sums[at]!;
    let row = 0;
    for (; row < each.block.count - 1; row++) {
      restPx -= each.heights?.[row] || this.#estimatePx;
      if (restPx < 0) break;
    }
    return { minuteUs: each.block.minuteUs, row };
  }

  #heightOf({ block, measuredPx, measuredCount }: Measured): number {
    return measuredPx + (block.count - measuredCount) * this.#estimatePx;
  }

  #heightOfFirst({ heights }: Measured, rows: number): number {
    if (heights === undefined) return rows * this.#estimatePx;
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += heights[row] || this.#estimatePx;
    return sum;
  }

  #sums(): number[] {
    if (this.#tops !== undefined) return this.#tops;
    let sum = 0;
    this.#tops = this.#blocks.map((each) => (sum += this.#heightOf(each)) - this.#heightOf(each));
    return this.#tops;
  }

  #indexes(): number[] {
    if (this.#firstIndexes !== undefined) return this.#firstIndexes;
    let sum = 0;
    this.#firstIndexes = this.#blocks.map(({ block }) => (sum += block.count) - block.count);
    return this.#firstIndexes;
  }

  #forgetSums(): void {
    this.#tops = undefined;
    this.#firstIndexes = undefined;
  }

  #firstNotBefore(minuteUs: Micros): number {
    let [low, high] = [0, this.#blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#blocks[middle]!.block.minuteUs < minuteUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where in ascending `values` the last stands that is not above `value`; -1 if there is none. */
function lastNotAbove(values: readonly number[], value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
