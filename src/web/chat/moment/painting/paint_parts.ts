import { paintElement } from "./paint_element.ts";

/** How tall a picture may be: at twice the pixels and as wide as a sheet is, all browsers still draw it. */
export const HEIGHT_MAX_PX = 6_000;
/** Browsers on phones draw no more pixels than this (Safari on iOS, 16,777,216). */
const PIXELS_MAX = 16_000_000;

/**
 * Draws elements that are as wide as each other below each other, on their common ground, and gives the picture as
 * a PNG of at least twice their size.
 *
 * @throws {Error} when the browser does not draw it.
 */
export async function paintParts(
  parts: readonly Element[],
  { ground, failure }: { readonly ground: string; readonly failure: string },
): Promise<Blob> {
  const images = parts.flatMap((part) => [...part.querySelectorAll("img")]);
  // One that cannot be decoded is drawn as its word.
  await Promise.all(images.map((image) => image.decode().catch(() => {})));
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const widthPx = Math.ceil(Math.max(...boxes.map(({ width }) => width)));
  const heights = drawnHeights(boxes.map(({ height }) => height));
  const heightPx = Math.ceil(heights.reduce((sum, height) => sum + height, 0));
  const scale = scaleFor(widthPx * heightPx);
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(widthPx * scale);
  canvas.height = Math.ceil(heightPx * scale);
  const ctx = canvas.getContext("2d");
  if (ctx === null) throw new Error(failure);
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  let downPx = 0;
  for (const [i, part] of parts.entries()) {
    const { left, top } = boxes[i]!;
    const height = heights[i]!;
    ctx.setTransform(scale, 0, 0, scale, -left * scale, (downPx - top) * scale);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, widthPx, height);
    ctx.clip();
    paintElement(ctx, part);
    ctx.restore();
    downPx += height;
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  canvas.width = canvas.height = 0; // Frees the memory now.
  if (blob === null) throw new Error(failure);
  return blob;
}

/** How much of each part is drawn: what is too much is cut off the tallest. */
function drawnHeights(heights: readonly number[]): readonly number[] {
  const tooMuchPx = heights.reduce((sum, height) => sum + height, -HEIGHT_MAX_PX);
  const tallest = heights.indexOf(Math.max(...heights));
  return heights.map((height, i) => i === tallest ? height - Math.max(0, tooMuchPx) : height);
}

/** Pixels of the picture for one of the page: as fine as the screen, at least 2, at most 3 where that is allowed. */
function scaleFor(areaPx: number): number {
  const scale = Math.min(3, Math.max(2, devicePixelRatio));
  return areaPx * scale ** 2 <= PIXELS_MAX ? scale : 2;
}
