import { type LetterBox, textRuns } from "./text_runs.ts";

/** A line through or under text, which an element gives to all text within it. */
export interface Decoration {
  readonly kind: "line-through" | "underline";
  readonly color: string;
}

/** Scripts that are written from right to left, which may split a word that stands on one line. */
const MAY_TURN =
  /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Draws a text where the browser has laid it out: each word by itself, as the browser broke lines and turned words. */
export function paintText(
  ctx: CanvasRenderingContext2D,
  text: Text,
  decorations: readonly Decoration[],
): void {
  const style = getComputedStyle(text.parentElement!);
  // The property `font` is empty beside figures of one width.
  ctx.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  ctx.fillStyle = style.color;
  const range = document.createRange();
  for (const { index, 0: word } of text.data.matchAll(/\S+/g)) {
    setRange(range, text, { from: index, until: index + word.length });
    const rects = range.getClientRects();
    if (rects.length === 1 && !MAY_TURN.test(word)) {
      fillWord(ctx, word, { box: boxOf(rects[0]!), direction: "ltr" });
    } else {
      paintLetters(ctx, text, { word, at: index, ownDirection: style.direction });
    }
  }
  range.selectNodeContents(text);
  for (const decoration of decorations) drawLines(ctx, range.getClientRects(), decoration);
}

/** Draws a word in the pieces that the browser split it into. */
function paintLetters(
  ctx: CanvasRenderingContext2D,
  text: Text,
  { word, at, ownDirection }: {
    readonly word: string;
    readonly at: number;
    readonly ownDirection: string;
  },
): void {
  const range = document.createRange();
  const letters: { readonly from: number; readonly until: number; readonly box: LetterBox }[] = [];
  for (const { segment, index } of lettersOf(word)) {
    const [from, until] = [at + index, at + index + segment.length];
    setRange(range, text, { from, until });
    // A letter that a line end splits has a box at both: it is drawn at the latter.
    const rect = [...range.getClientRects()].at(-1);
    if (rect !== undefined) letters.push({ from, until, box: boxOf(rect) });
  }
  for (const run of textRuns(letters.map(({ box }) => box))) {
    const [from, until] = [letters[run.from]!.from, letters[run.until - 1]!.until];
    const direction = (run.direction ?? ownDirection) === "rtl" ? "rtl" : "ltr";
    fillWord(ctx, text.data.slice(from, until), { box: run, direction });
  }
}

function fillWord(
  ctx: CanvasRenderingContext2D,
  word: string,
  { box, direction }: { readonly box: LetterBox; readonly direction: "ltr" | "rtl" },
): void {
  const { fontBoundingBoxAscent: upPx, fontBoundingBoxDescent: downPx } = ctx.measureText(word);
  const heightPx = box.bottomPx - box.topPx;
  ctx.direction = direction;
  ctx.textAlign = "left";
  ctx.fillText(word, box.leftPx, box.topPx + (heightPx - upPx - downPx) / 2 + upPx);
}

function drawLines(
  ctx: CanvasRenderingContext2D,
  rects: Iterable<DOMRect>,
  { kind, color }: Decoration,
): void {
  ctx.fillStyle = color;
  for (const { left, top, width, height } of rects) {
    ctx.fillRect(left, top + height * (kind === "underline" ? 0.88 : 0.58), width, 1);
  }
}

/** The letters of a word as readers count them, with their marks. */
function lettersOf(word: string): Iterable<{ readonly segment: string; readonly index: number }> {
  if (typeof Intl.Segmenter === "function") return new Intl.Segmenter().segment(word);
  let index = 0;
  return [...word].map((segment) => ({
    segment,
    index: (index += segment.length) - segment.length,
  }));
}

function setRange(
  range: Range,
  text: Text,
  { from, until }: { readonly from: number; readonly until: number },
): void {
  range.setStart(text, from);
  range.setEnd(text, until);
}

function boxOf({ left, right, top, bottom }: DOMRect): LetterBox {
  return { leftPx: left, rightPx: right, topPx: top, bottomPx: bottom };
}
