/** Rows of a list that follow each other: from one, until before another. */
export interface RowSpan {
  readonly from: number;
  readonly until: number;
}

/**
 * The rows around row `at` that have room together, with as many on each side of it as on the other where there
 * are as many. Row `at` is always among them.
 */
export function rowsThatFit(
  heightsPx: readonly number[],
  { at, roomPx }: { readonly at: number; readonly roomPx: number },
): RowSpan {
  let [from, until] = [at, at + 1];
  let restPx = roomPx - (heightsPx[at] ?? 0);
  const take = (row: number): boolean => {
    const heightPx = heightsPx[row];
    if (heightPx === undefined || heightPx > restPx) return false;
    restPx -= heightPx;
    return true;
  };
  let [goesUp, goesDown] = [true, true];
  while (goesUp || goesDown) {
    if (goesUp) goesUp = take(from - 1);
    if (goesUp) from--;
    if (goesDown) goesDown = take(until);
    if (goesDown) until++;
  }
  return { from, until };
}
