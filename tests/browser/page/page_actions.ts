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
export async function openView(
  page: Page,
  name: "Archives" | "Calendar" | "Timeline" | "Chat" | "Search",
): Promise<void> {
  await page.click(`nav >> text="${name}"`);
}

/** The clocks of the rows on screen. */
export function visibleClocks(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const box = document.querySelector(".chat-scroll")!.getBoundingClientRect();
    return [...document.querySelectorAll<HTMLElement>(".row")].filter((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return top >= box.top && bottom <= box.bottom;
    }).map((row) => row.querySelector("time")?.textContent ?? "");
  });
}

/** Waits until all rows in the document have their messages. */
export async function rowsLoaded(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const rows = [...document.querySelectorAll(".row")];
    return rows.length > 0 && rows.every((row) => row.getAttribute("aria-busy") !== "true");
  });
}

/** Scrolls the list to its start, and waits until it is drawn and stays there, whatever moved it just before. */
export async function scrolledToStart(page: Page): Promise<void> {
  await page.waitForFunction(async () => {
    const list = document.querySelector(".chat-scroll")!;
    list.scrollTop = 0;
    for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame);
    return list.scrollTop === 0;
  });
}

/** Waits until the field with this label holds `value`. */
export async function fieldHolds(page: Page, label: string, value: string): Promise<void> {
  await page.waitForFunction(
    ([label, value]) =>
      [...document.querySelectorAll<HTMLInputElement>("input")].some((field) =>
        (field.ariaLabel ?? field.labels?.[0]?.querySelector("span")?.textContent) === label &&
        field.value === value
      ),
    [label, value],
  );
}

/** Waits until nothing is read any more; returns how many rows the list has. */
export async function wholeDayRead(page: Page): Promise<number> {
  await page.waitForFunction(() =>
    document.querySelector(".chat-scroll")?.getAttribute("aria-busy") === "false"
  );
  // `12 of 3,456 messages` while there is a filter.
  const text = await page.locator(".status-line span").first().innerText();
  return Number(/^[\d,]+/.exec(text)?.[0].replaceAll(",", ""));
}
