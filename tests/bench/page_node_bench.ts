/**
 * The page of a node that has an index, in headless Chromium: the first view of any day, a search over a year,
 * and scrolling through a day of a million messages.
 *
 * Envelope: a busy hour has 2,000 messages, 1.2 MB. A first view takes the page itself, 100 kB packed, one
 * question for the channel's hours, one for an hour of chat, and two threads that start. At 60 frames a second a
 * frame has 16.7 ms of the page's main thread; what it needs is taken from a trace as the processor's time, for wall
 * time follows what else the machine does.
 *
 * `--archive FOLDER` keeps the year there, or finds it there. `--messages 5000000` searches a year of so many (the default is 300,000, its first hours at the same rate),
 * `--day N` scrolls through a day of so many, `--before PAGE` measures an older page of `deno task build` beside.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Page } from "playwright-core";
import { DAY_US, HOUR_US, type Micros } from "../../src/core/time.ts";
import { buildPage } from "../../tools/build_page.ts";
import { openView, sourcesReady } from "../browser/page/page_actions.ts";
import { PageBrowser } from "../browser/page/page_browser.ts";
import { startNode } from "../browser/page/page_node.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { tellRow } from "./bench_row.ts";
import { rendererPeakBytes } from "./worlds/page_memory.ts";
import { measuredPage, PlainBrowser } from "./worlds/plain_browser.ts";
import { frameTrace } from "./worlds/frame_trace.ts";
import { YEAR_BEGIN_US, YEAR_CHANNEL } from "./worlds/chat_year.ts";
import { indexArchive, type IndexedArchive, writeYear } from "./worlds/year_archive.ts";

const YEAR_MESSAGES = 5_000_000;
const PER_MINUTE = YEAR_MESSAGES / 525_600;
const MESSAGES = numberOf("--messages") ?? 300_000;
const DAY_MESSAGES = numberOf("--day") ?? 200_000;
const RARE = "zyzzyvaonce";
const ROUNDS = 5;
const VIEWS = 9;
/** At 60 frames a second. */
const FRAME_MS = 1_000 / 60;

const before = process.argv.indexOf("--before");
const PAGES: readonly (readonly [name: string, html: string])[] = [
  ["", await buildPage()],
  ...(before < 0 ? [] : [["before: ", readFileSync(process.argv[before + 1]!, "utf8")] as const]),
];

const folder = tempFolder();
const browser = await PageBrowser.start();
try {
  const kept = process.argv.indexOf("--archive");
  const year = kept < 0 ? join(folder.path, "year") : process.argv[kept + 1]!;
  const lengthUs = Math.round(MESSAGES / PER_MINUTE / 60) * HOUR_US;
  const untilUs = YEAR_BEGIN_US + lengthUs;
  const span = { fromUs: YEAR_BEGIN_US, untilUs };
  const count = existsSync(year)
    ? MESSAGES
    : await writeYear(year, { seed: "5", perMinute: PER_MINUTE, ...span, word: RARE });
  console.log(`${count} messages in ${lengthUs / DAY_US} days`);
  const archive = await indexArchive(year);
  await benchFirstView(archive, lengthUs);
  await benchSearch(archive);
  await archive.close();
  await benchScrolling();
} finally {
  await browser.close();
  folder.close();
}

/** The least time from the navigation to the first painted row, in turns, each on another day. */
async function benchFirstView(archive: IndexedArchive, lengthUs: Micros): Promise<void> {
  const plain = await PlainBrowser.start();
  const nodes = await Promise.all(PAGES.map(async ([name, html]) => ({
    name,
    node: await startNode(archive.store, { ...archive, html: measuredPage(html) }),
    timesMs: [] as number[],
  })));
  for (let round = 0; round < VIEWS; round++) {
    const dayUs = YEAR_BEGIN_US + Math.floor(lengthUs / DAY_US * (round + 0.5) / VIEWS) * DAY_US;
    const moment = new Date((dayUs + 18 * HOUR_US) / 1_000).toISOString();
    // By turns first: the other finds the day's files in the node's caches.
    for (const { node, timesMs } of round % 2 === 0 ? nodes : nodes.toReversed()) {
      // Each under another address, so that none comes from the browser's cache.
      const address = `${node.url}/?view=${round}#/chat/${YEAR_CHANNEL}/${moment}`;
      timesMs.push(await plain.firstRowMs(address));
    }
  }
  for (const { name, node, timesMs } of nodes) {
    const sorted = timesMs.toSorted((a, b) => a - b);
    tellRow({
      name: `${name}first view of a day`,
      figure: sorted[Math.floor(sorted.length / 2)]!,
      unit: "ms to the first painted row, median",
      ...(name === "" ? { atMost: 300 } : {}),
      detail: timesMs.map((ms) => ms.toFixed(0)).join(", "),
    });
    await node.close();
  }
  await plain.close();
}

/** A word that was said once, in the fourth hour of the year: how soon its line comes. */
async function benchSearch(archive: IndexedArchive): Promise<void> {
  const node = await startNode(archive.store, archive);
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    const response = await fetch(`${node.url}/channel/${YEAR_CHANNEL}/search?q=${RARE}`);
    const text = await response.text();
    least = Math.min(least, performance.now() - startMs);
    if (!text.includes(RARE)) throw new Error(`Cannot measure: ${response.status} ${text}`);
  }
  tellRow({ name: "search, first hit by the node", figure: least, unit: "ms", atMost: 1_000 });
  const timesMs: number[] = [];
  for (let round = 0; round < 2; round++) {
    const { page } = await browser.open({ origin: node.url as `http://${string}` });
    page.setDefaultTimeout(600_000);
    await page.waitForSelector("nav a");
    const startMs = performance.now();
    await page.evaluate(
      (hash) => void (location.hash = hash),
      `#/search/${YEAR_CHANNEL}?text=${RARE}`,
    );
    await page.waitForFunction(
      (word) =>
        document.querySelector("main")?.textContent?.includes(`${word}`) &&
        document.querySelector(".hits .speech, .hit") !== null,
      RARE,
    );
    timesMs.push(performance.now() - startMs);
    await page.context().close();
  }
  tellRow({
    name: "search, first hit in the page",
    figure: Math.min(...timesMs),
    unit: "ms",
    atMost: 1_000,
  });
  await node.close();
}

/** A day is dropped as a folder, and scrolled through in three ways. */
async function benchScrolling(): Promise<void> {
  const place = join(folder.path, "day");
  const count = await writeYear(place, {
    seed: "day",
    perMinute: DAY_MESSAGES / 1_440,
    fromUs: YEAR_BEGIN_US,
    untilUs: YEAR_BEGIN_US + DAY_US,
  });
  for (const [name, html] of PAGES) {
    const page = await (await browser.browser.newContext()).newPage();
    page.setDefaultTimeout(600_000);
    const node = await startNodeOf(html);
    await page.goto(`${node.url}/#/archives`);
    await page.waitForSelector("[data-pick=folder]", { state: "attached" });
    await page.setInputFiles("[data-pick=folder]", place);
    await sourcesReady(page, 1);
    await openView(page, "Chat");
    await page.waitForSelector(".row .speech");
    await page.waitForFunction(() =>
      document.querySelector(".chat-scroll")?.getAttribute("aria-busy") === "false"
    );
    for (const [way, stepPx] of [["reading", 40], ["fast", 600], ["leaping", 60_000]] as const) {
      await tellFrames(page, { name: `${name}${way}, ${count} messages`, stepPx });
    }
    tellRow({
      name: `${name}memory with ${count} messages`,
      figure: await rendererPeakBytes(browser.browser) / 1e6,
      unit: "MB at the renderer's peak",
    });
    await page.context().close();
    await node.close();
  }
}

async function startNodeOf(html: string): ReturnType<typeof startNode> {
  const { memoryStore } = await import("../../src/adapters/memory/memory_store.ts");
  return await startNode(memoryStore(), { html });
}

async function tellFrames(
  page: Page,
  { name, stepPx }: { readonly name: string; readonly stepPx: number },
): Promise<void> {
  const { frames, busyMs, seconds, dropped } = await frameTrace(page, stepPx);
  const sorted = [...busyMs].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)]!;
  tellRow({
    name: `scroll: ${name}`,
    figure: at(0.95),
    unit: "ms of CPU, 95 % of frames",
    ...(name.startsWith("before") ? {} : { atMost: FRAME_MS }),
    detail: `median ${at(0.5).toFixed(1)} ms, most ${at(1).toFixed(1)} ms; ${
      (frames / seconds).toFixed(0)
    } frames/s on this machine`,
  });
  const late = busyMs.filter((ms) => ms > FRAME_MS).length;
  tellRow({
    name: `late: ${name}`,
    figure: late / frames * 100,
    unit: "% of frames with over 16.7 ms of CPU",
    ...(name.startsWith("before") ? {} : { atMost: 1 }),
    detail: `${late} of ${frames}; the compositor dropped ${dropped} on this machine`,
  });
}

function numberOf(flag: string): number | undefined {
  const at = process.argv.indexOf(flag);
  return at < 0 ? undefined : Number(process.argv[at + 1]);
}
