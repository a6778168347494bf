/** What a PNG holds, for tests: the browser decodes it. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";

/** A decoded picture. */
export interface PictureFacts {
  readonly width: number;
  readonly height: number;
  /** How many of its pixels have just this colour, for each that was asked for. */
  readonly pixels: readonly number[];
}

/** Decodes a PNG, and counts the pixels of some colours, each as `rgb(1, 2, 3)`. */
export async function pictureFacts(
  page: Page,
  png: Uint8Array,
  colors: readonly string[],
): Promise<PictureFacts> {
  assert.deepEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10], "it is no PNG");
  const wanted = colors.map((color) => {
    const rgb = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color);
    assert.ok(rgb, `${color} is no plain colour`);
    return (Number(rgb[1]) << 16) | (Number(rgb[2]) << 8) | Number(rgb[3]);
  });
  return await page.evaluate(async ({ base64, wanted }) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const { width, height } = bitmap;
    const ctx = new OffscreenCanvas(width, height).getContext("2d")!;
    ctx.drawImage(bitmap, 0, 0);
    const { data } = ctx.getImageData(0, 0, width, height);
    const pixels = wanted.map(() => 0);
    for (let i = 0; i < data.length; i += 4) {
      const at = wanted.indexOf((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
      if (at >= 0) pixels[at]!++;
    }
    return { width, height, pixels };
  }, { base64: Buffer.from(png).toString("base64"), wanted });
}
