/**
 * Takes the pictures of the page that the documents show, in `docs/screenshots`, in headless Chromium, from a
 * generated archive that a node serves. Seed, clock and zone are fixed, so a picture changes with the page alone.
 * Names after the command take only these.
 */
import type { Buffer } from "node:buffer";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { wasmHasher } from "../../src/adapters/hashers/wasm_hasher.ts";
import { memoryIndex } from "../../src/adapters/memory/memory_index.ts";
import { systemClock } from "../../src/adapters/system/system_clock.ts";
import { fillChannel } from "../../src/engine/index/fill_channel.ts";
import { HourStamps } from "../../src/engine/index/hour_stamps.ts";
import { IndexFinder } from "../../src/engine/index/index_finder.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { noopReporter as reporter } from "../../src/ports/reporter.ts";
import { mergeToZip, sourcesReady } from "../../tests/browser/page/page_actions.ts";
import { storeTree, writeTree } from "../../tests/browser/page/page_archives.ts";
import { PageBrowser } from "../../tests/browser/page/page_browser.ts";
import { startNode } from "../../tests/browser/page/page_node.ts";
import { storePeer } from "../../tests/simulation/sync/sync_world.ts";
import { tempFolder } from "../../tests/conformance/disk/temp_folder.ts";
import { eveningOf, peerArchive, SHOWN_MS, shownArchive } from "./shown_archive.ts";
import { MERGE_SHOT, type Shot, SHOTS } from "./shots.ts";

const FOLDER = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const names = process.argv.slice(2);
const isWanted = (name: string): boolean => names.length === 0 || names.includes(name);

const browser = await PageBrowser.start();
const folder = tempFolder();
try {
  const node = await serveArchive();
  for (const shot of SHOTS) if (isWanted(shot.name)) await takeShot(node.url, shot);
  await node.close();
  if (isWanted(MERGE_SHOT)) await takeMerge();
  console.log(`docs/screenshots: ${readdirSync(FOLDER).join(", ")}`);
} finally {
  await browser.close();
  folder.close();
}

async function serveArchive(): ReturnType<typeof startNode> {
  const store = await shownArchive();
  const [hasher, index] = [await wasmHasher(), memoryIndex()];
  const stamps = new HourStamps({ store, hasher });
  for await (const channel of store.folders("")) {
    await fillChannel(channel, { index, store, stamps, hasher, reporter });
  }
  const peer = storePeer("https://seattle.example", await peerArchive(store));
  const real = systemClock();
  const clock: Clock = {
    wallUs: () => SHOWN_MS * 1_000,
    elapsedUs: () => real.elapsedUs(),
    sleep: (delayMs, signal) => real.sleep(delayMs, signal),
  };
  const finder = new IndexFinder({ index, store, stamps, clock });
  return await startNode(store, { finder, clock, peers: () => [peer] });
}

async function openPage({ viewport, colorScheme, locale }: Partial<Shot>): Promise<Page> {
  const context = await browser.browser.newContext({
    viewport: viewport ?? { width: 1200, height: 800 },
    colorScheme: colorScheme ?? "light",
    reducedMotion: "reduce",
    timezoneId: "UTC",
    locale: locale ?? "en-GB",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.clock.setFixedTime(SHOWN_MS);
  return page;
}

/** Takes a picture twice: one that is not the same again would change with every run. */
async function takeShot(url: string, shot: Shot): Promise<void> {
  const taken = await Promise.all([showShot(url, shot), showShot(url, shot)]);
  if (!taken[0]!.equals(taken[1]!)) console.log(`${shot.name}: taken twice, it is not the same`);
  writeFileSync(join(FOLDER, `${shot.name}.png`), taken[0]!);
}

async function showShot(url: string, shot: Shot): Promise<Buffer> {
  const page = await openPage(shot);
  await page.goto(`${url}/#${shot.route}`);
  await page.waitForSelector(shot.selector);
  await settled(page);
  if (shot.isFromTop) {
    // Where a list stands while it is read depends on what comes first; its start does not.
    await page.evaluate(() => document.querySelector(".chat-scroll")!.scrollTo(0, 0));
  }
  await settled(page);
  if (shot.compares) {
    await page.locator(".peer-compare select").selectOption({ index: 1 });
    await page.waitForSelector(".compared-hour");
    await settled(page);
  }
  if (shot.opensRow !== undefined) {
    await page.locator(".row .speech").nth(shot.opensRow).click();
    await page.waitForSelector(".detail");
  }
  return await take(page);
}

/** Two recorders' folders, compared and merged in the page. */
async function takeMerge(): Promise<void> {
  const page = await openPage({ viewport: { width: 1200, height: 1_150 } });
  await page.goto(browser.address("file"));
  for (const [i, name] of ["amsterdam", "seattle"].entries()) {
    const place = join(folder.path, name);
    writeTree(place, await storeTree(await eveningOf(name)));
    await page.setInputFiles("[data-pick=folder]", place);
    await sourcesReady(page, i + 1);
  }
  await page.waitForSelector(".compare");
  await mergeToZip(page);
  await page.waitForSelector(".result .good");
  await page.evaluate(() => scrollTo(0, 0));
  writeFileSync(join(FOLDER, `${MERGE_SHOT}.png`), await take(page));
}

async function settled(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
  // Nothing is read any more, and no row waits for its message.
  await page.waitForFunction(() =>
    !document.body.innerText.includes("reading") &&
    document.querySelector("main [aria-busy=true]") === null
  );
  await page.evaluate(() =>
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  );
}

async function take(page: Page): Promise<Buffer> {
  await settled(page);
  const picture = await page.screenshot({ animations: "disabled" });
  await page.context().close();
  return picture;
}
