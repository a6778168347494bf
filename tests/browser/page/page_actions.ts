/** What people do with the page, for tests. */
import { readFileSync } from "node:fs";
import { unzipRaw } from "unzipit";
import type { Page } from "playwright-core";
import type { Tree } from "./page_archives.ts";

/** Drops files and folders onto the page, as the system does it. */
export async function dropPaths(page: Page, paths: readonly string[]): Promise<void> {
  const box = (await page.locator(".drop-zone").boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const event = {
    x: Math.round(box.x + box.width / 2),
    y: Math.round(box.y + box.height / 2),
    data: { items: [], files: [...paths], dragOperationsMask: 1 },
  };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { ...event, type });
  }
  await session.detach();
}

/** Waits until this many sources are checked. */
export async function sourcesReady(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (count) => document.querySelectorAll(".source.is-ready").length === count,
    count,
  );
}

/** Merges what is there, and returns the files of the zip that is downloaded. */
export async function mergeToZip(page: Page): Promise<Tree> {
  await page.click(".merge .primary");
  await page.waitForSelector(".result");
  const waiting = page.waitForEvent("download");
  await page.click(".result .primary");
  const path = await (await waiting).path();
  return await readZip(new Uint8Array(readFileSync(path)));
}

/** The files of a zip. */
export async function readZip(bytes: Uint8Array): Promise<Tree> {
  const { entries } = await unzipRaw(bytes);
  const tree = new Map<string, Uint8Array>();
  for (const entry of entries) tree.set(entry.name, new Uint8Array(await entry.arrayBuffer()));
  return tree;
}

/** Goes to a view by the links at the top. */
export async function openView(page: Page, name: "Archives" | "Timeline" | "Chat"): Promise<void> {
  await page.click(`nav >> text="${name}"`);
}
