import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeZip } from "client-zip";
import type { Page } from "playwright-core";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { dropPaths, sourcesReady } from "./page/page_actions.ts";
import { generatedArchive, readTree, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";

const folder = tempFolder();
const alpha = join(folder.path, "alpha");
const zip = join(folder.path, "alpha.zip");
let browser: PageBrowser;

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  const store = await generatedArchive({
    channel: "forsen",
    seed: "page reload",
    startMs: Date.UTC(2026, 7, 1, 11),
    messages: 200,
    ratePerSecond: 4,
    name: "a",
  });
  writeTree(alpha, await storeTree(store));
  const inputs = [...readTree(alpha)].map(([name, input]) => ({ name, input }));
  writeFileSync(zip, new Uint8Array(await new Response(makeZip(inputs)).arrayBuffer()));
});
after(async () => {
  await browser?.close();
  folder.close();
});

function remembered(page: Page): Promise<string[]> {
  return page.locator(".remembered h3").allTextContents();
}

/** What the page has in its database, when the last write is through. */
async function rememberedIs(page: Page, names: readonly string[]): Promise<void> {
  await page.waitForFunction(async (names) => {
    const open = indexedDB.open("chatloom", 1);
    await new Promise((resolve) => open.onsuccess = resolve);
    const all = open.result.transaction("sources").objectStore("sources").getAll();
    await new Promise((resolve) => all.onsuccess = resolve);
    open.result.close();
    const found = (all.result as { name: string }[]).map(({ name }) => name);
    return JSON.stringify(found) === JSON.stringify(names);
  }, names);
}

test("what was dropped is named after a reload, and opened again where there is a way back", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open();
  const { page } = opened;
  await dropPaths(page, [alpha, zip]);
  await sourcesReady(page, 2);
  await rememberedIs(page, ["alpha", "alpha.zip"]);
  await page.reload();
  await page.waitForSelector(".remembered");
  // The browser may let the page read a file without asking; a folder with colons has no way back.
  await page.waitForSelector('.remembered article[aria-label="alpha"] >> text=Drop or choose it');
  assert.equal(await page.locator('[aria-label="alpha"] button >> text="Open again"').count(), 0);
  const again = page.locator('[aria-label="alpha.zip"] button >> text="Open again"');
  const isOpen = page.locator(".source.is-ready");
  await again.or(isOpen).first().waitFor();
  if (await again.count() > 0) await again.click();
  await sourcesReady(page, 1);
  assert.deepEqual(await remembered(page), ["alpha"]);
  assert.match(await page.locator(".source .facts").textContent() ?? "", /^Zip archive/);
  // The chat names it, too, where there is nothing else to see.
  await page.click("[aria-label='Remove alpha.zip']");
  await rememberedIs(page, ["alpha"]);
  await page.goto(`${page.url().split("#")[0]}#/chat/forsen`);
  await page.waitForSelector(".empty .remembered");
  assert.deepEqual(await remembered(page), ["alpha"]);
  await closePage(opened);
});

test("what is dropped again, removed or forgotten is not named any more", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open();
  const { page } = opened;
  await page.setInputFiles("[data-pick=folder]", alpha);
  await sourcesReady(page, 1);
  await rememberedIs(page, ["alpha"]);
  await page.reload();
  await page.waitForSelector(".remembered");
  await page.setInputFiles("[data-pick=folder]", alpha);
  await sourcesReady(page, 1);
  await page.waitForSelector(".remembered", { state: "detached" });
  await rememberedIs(page, ["alpha"]);
  await page.reload();
  await page.click("[aria-label='Forget alpha']");
  await page.waitForSelector(".remembered", { state: "detached" });
  await rememberedIs(page, []);
  await page.setInputFiles("[data-pick=folder]", alpha);
  await sourcesReady(page, 1);
  await rememberedIs(page, ["alpha"]);
  await page.click("[aria-label='Remove alpha']");
  await rememberedIs(page, []);
  await closePage(opened);
});
