/** Where a letter stands on screen. */
export interface LetterBox {
  readonly leftPx: number;
  readonly rightPx: number;
  readonly topPx: number;
  readonly bottomPx: number;
}

/** Letters that follow each other on one line in one direction. */
export interface TextRun extends LetterBox {
  /** The first of them. */
  readonly from: number;
  /** The one after the last. */
  readonly until: number;
  /** `undefined` for a single letter, which has none. */
  readonly direction: "ltr" | "rtl" | undefined;
}

/** Browsers round the edges of letters. */
const TOUCH_PX = 1;

/**
 * Splits letters, in the order of the text, where a line is broken or the direction of writing changes: what is
 * left in one piece can be drawn in one piece, with its ligatures.
 */
export function textRuns(letters: readonly LetterBox[]): TextRun[] {
  const runs: TextRun[] = [];
  for (const [i, letter] of letters.entries()) {
    const before = runs.at(-1);
    const joined = before && joinedRun(before, letter);
    if (joined !== undefined) runs[runs.length - 1] = joined;
    else runs.push({ ...letter, from: i, until: i + 1, direction: undefined });
  }
  return runs;
}

/** The run with a further letter, if that continues it. */
function joinedRun(run: TextRun, letter: LetterBox): TextRun | undefined {
  const isOnLine = Math.abs(letter.topPx - run.topPx) < (run.bottomPx - run.topPx) / 2;
  if (!isOnLine) return undefined;
  const goesRight = run.direction !== "rtl" && isNear(letter.leftPx, run.rightPx);
  const goesLeft = run.direction !== "ltr" && isNear(letter.rightPx, run.leftPx);
  if (!goesRight && !goesLeft) return undefined;
  // A mark without a width of its own continues either way.
  const direction = goesRight && goesLeft ? run.direction : goesRight ? "ltr" : "rtl";
  return {
    from: run.from,
    until: run.until + 1,
    direction,
    leftPx: Math.min(run.leftPx, letter.leftPx),
    rightPx: Math.max(run.rightPx, letter.rightPx),
    topPx: run.topPx,
    bottomPx: run.bottomPx,
  };
}

function isNear(onePx: number, otherPx: number): boolean {
  return Math.abs(onePx - otherPx) <= TOUCH_PX;
}
