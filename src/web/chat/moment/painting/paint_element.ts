import { type Decoration, paintText } from "./paint_text.ts";

/**
 * Draws an element where the browser has laid it out, in the colours that it has on the page: grounds, frames, text,
 * icons, and pictures that are blobs of this page. Other pictures would keep the canvas from being saved: their
 * words are drawn instead.
 */
export function paintElement(
  ctx: CanvasRenderingContext2D,
  element: Element,
  decorations: readonly Decoration[] = [],
): void {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (style.display === "none" || style.visibility === "hidden" || box.width === 0) return;
  if (element instanceof SVGElement) return paintIcon(ctx, element, style);
  if (element instanceof HTMLImageElement) return paintPicture(ctx, element, style);
  for (const rect of element.getClientRects()) paintFrame(ctx, rect, style);
  const isClipped = style.overflowX !== "visible";
  if (isClipped) clipTo(ctx, box);
  const all = decorationsOf(style, decorations);
  for (const child of element.childNodes) {
    if (child instanceof Text) paintText(ctx, child, all);
    else if (child instanceof Element) paintElement(ctx, child, all);
  }
  if (isClipped) ctx.restore();
}

function clipTo(ctx: CanvasRenderingContext2D, { left, top, width, height }: DOMRect): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
}

/** Lines through text go on into what stands within, but not into what stands by itself in the line. */
function decorationsOf(
  style: CSSStyleDeclaration,
  outer: readonly Decoration[],
): readonly Decoration[] {
  const own = (["line-through", "underline"] as const)
    .filter((kind) => style.textDecorationLine.includes(kind))
    .map((kind) => ({ kind, color: style.textDecorationColor }));
  return [...style.display.startsWith("inline-") ? [] : outer, ...own];
}

/** Ground, inner shadows of the two forms that the page has, and a frame or lines above and below. */
function paintFrame(
  ctx: CanvasRenderingContext2D,
  { left, top, width, height }: DOMRect,
  style: CSSStyleDeclaration,
): void {
  const radiusPx = Number.parseFloat(style.borderTopLeftRadius) || 0;
  ctx.fillStyle = style.backgroundColor;
  ctx.beginPath();
  ctx.roundRect(left, top, width, height, radiusPx);
  ctx.fill();
  const stroke = (px: number): void => {
    ctx.lineWidth = px;
    ctx.beginPath();
    ctx.roundRect(left + px / 2, top + px / 2, width - px, height - px, radiusPx);
    ctx.stroke();
  };
  const shadow = /^(.+\)) (\d+)px 0px 0px (\d+)px inset$/.exec(style.boxShadow);
  if (shadow !== null) {
    ctx.fillStyle = ctx.strokeStyle = shadow[1]!;
    ctx.fillRect(left, top, Number(shadow[2]), height);
    if (shadow[3] !== "0") stroke(Number(shadow[3]));
  }
  const [leftPx, topPx, bottomPx] = [
    style.borderLeftWidth,
    style.borderTopWidth,
    style.borderBottomWidth,
  ].map(Number.parseFloat) as [number, number, number];
  ctx.fillStyle = ctx.strokeStyle = style.borderBottomColor;
  if (leftPx > 0) return stroke(leftPx);
  ctx.fillRect(left, top, width, topPx);
  const isDotted = style.borderBottomStyle === "dotted";
  const [dotPx, stepPx] = isDotted ? [bottomPx, 2 * bottomPx] : [width, width];
  for (let x = 0; x < width && bottomPx > 0; x += stepPx) {
    ctx.fillRect(left + x, top + height - bottomPx, dotPx, bottomPx);
  }
}

/** Draws an icon of the page: one path, on a grid of 24. */
function paintIcon(
  ctx: CanvasRenderingContext2D,
  element: SVGElement,
  style: CSSStyleDeclaration,
): void {
  const path = element.querySelector("path")?.getAttribute("d");
  const { left, top, width } = element.getBoundingClientRect();
  if (path === null || path === undefined) return;
  ctx.save();
  ctx.translate(left, top);
  ctx.scale(width / 24, width / 24);
  ctx.strokeStyle = style.color;
  ctx.lineWidth = Number.parseFloat(style.strokeWidth);
  ctx.lineCap = ctx.lineJoin = "round";
  ctx.stroke(new Path2D(path));
  ctx.restore();
}

function paintPicture(
  ctx: CanvasRenderingContext2D,
  image: HTMLImageElement,
  style: CSSStyleDeclaration,
): void {
  const { left, top, width, height } = image.getBoundingClientRect();
  if (image.src.startsWith("blob:") && image.complete && image.naturalWidth > 0) {
    ctx.drawImage(image, left, top, width, height);
    return;
  }
  ctx.font = `${style.fontSize} ${style.fontFamily}`;
  ctx.fillStyle = style.color;
  ctx.textAlign = "left";
  ctx.fillText(image.alt, left, top + height * 0.7, width);
}
