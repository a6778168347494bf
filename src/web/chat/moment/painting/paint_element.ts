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
  const shadow = /^(.+\)) (\d+)px 0px 0px (\d+)px inset$/.exec(style.boxShadow);
  if (shadow !== null) {
    const [edgePx, framePx] = [Number(shadow[2]), Number(shadow[3])];
    ctx.fillStyle = ctx.strokeStyle = shadow[1]!;
    ctx.fillRect(left, top, edgePx, height);
    if (framePx > 0) strokeWithin(ctx, { left, top, width, height }, { framePx, radiusPx });
  }
  const sidePx = Number.parseFloat(style.borderLeftWidth);
  if (sidePx > 0) {
    ctx.strokeStyle = style.borderLeftColor;
    return strokeWithin(ctx, { left, top, width, height }, { framePx: sidePx, radiusPx });
  }
  paintEdge(ctx, { left, width, atPx: top }, {
    widthPx: Number.parseFloat(style.borderTopWidth),
    color: style.borderTopColor,
    line: style.borderTopStyle,
  });
  const bottomPx = Number.parseFloat(style.borderBottomWidth);
  paintEdge(ctx, { left, width, atPx: top + height - bottomPx }, {
    widthPx: bottomPx,
    color: style.borderBottomColor,
    line: style.borderBottomStyle,
  });
}

function strokeWithin(
  ctx: CanvasRenderingContext2D,
  { left, top, width, height }: Pick<DOMRect, "left" | "top" | "width" | "height">,
  { framePx, radiusPx }: { readonly framePx: number; readonly radiusPx: number },
): void {
  ctx.lineWidth = framePx;
  ctx.setLineDash([]);
  ctx.beginPath();
  const half = framePx / 2;
  ctx.roundRect(left + half, top + half, width - framePx, height - framePx, radiusPx);
  ctx.stroke();
}

function paintEdge(
  ctx: CanvasRenderingContext2D,
  { left, width, atPx }: { readonly left: number; readonly width: number; readonly atPx: number },
  { widthPx, color, line }: {
    readonly widthPx: number;
    readonly color: string;
    readonly line: string;
  },
): void {
  if (!(widthPx > 0)) return;
  ctx.strokeStyle = color;
  ctx.lineWidth = widthPx;
  ctx.setLineDash(line === "dotted" ? [widthPx, widthPx] : []);
  ctx.beginPath();
  ctx.moveTo(left, atPx + widthPx / 2);
  ctx.lineTo(left + width, atPx + widthPx / 2);
  ctx.stroke();
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
  ctx.setLineDash([]);
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
