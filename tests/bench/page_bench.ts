/**
 * The page in headless Chromium, on a desk: merging, first view, scrolling.
 *
 * Envelope: the page does what settling on the command line does, with the same code in the same
 * engine, but checks every file first and reads through the browser's file layer. A busy channel's
 * day has 500,000 messages, 600 MB; a screen shows 40 of them, so the first view needs one minute of
 * it, not the day. At 60 frames a second there are 16.7 ms for each.
 *
 * Prints and gates nothing: times in a browser follow the machine too closely. `PAGE_BENCH_MB` and
 * `PAGE_BENCH_MESSAGES` make it smaller.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { PageBrowser } from "../browser/page/page_browser.ts";
import {
  assertSameTree,
  generatedArchive,
  type GeneratedOptions,
  readBatches,
  readTree,
  storeTree,
  writeTree,
} from "../browser/page/page_archives.ts";
import { mergeToZip, openView, sourcesReady } from "../browser/page/page_actions.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { peakBytes, rendererPeakBytes } from "./worlds/page_memory.ts";

const ARCHIVE_MB = Number(process.env["PAGE_BENCH_MB"] ?? 100);
const DAY_MESSAGES = Number(process.env["PAGE_BENCH_MESSAGES"] ?? 500_000);
const BYTES_A_MESSAGE = 560;
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

const folder = tempFolder();
const browser = await PageBrowser.start();
try {
  await benchMerge();
  await benchDay();
} finally {
  await browser.close();
  folder.close();
}

/** Two archives that share 98 % of their messages, merged here and there. */
async function benchMerge(): Promise<void> {
  const chat: GeneratedOptions = {
    channel: "forsen",
    seed: "page bench",
    startMs: Date.UTC(2026, 7, 1),
    messages: Math.round(ARCHIVE_MB * 1e6 / BYTES_A_MESSAGE),
    ratePerSecond: 20,
  };
  const archives: string[] = [];
  for (const [i, name] of ["alpha", "beta-2"].entries()) {
    const store = await generatedArchive({ ...chat, name, isMissed: (line) => line % 100 === i });
    archives.push(join(folder.path, name));
    writeTree(archives[i]!, await storeTree(store));
  }
  const trees = archives.map(readTree);
  const bytes = trees.map((tree) => [...tree.values()].reduce((sum, file) => sum + file.length, 0));
  console.log(
    `two archives: ${bytes.map(megabytes).join(" and ")} in ${trees[0]!.size} files each`,
  );

  const together = join(folder.path, "together");
  for (const archive of archives) cpSync(archive, together, { recursive: true });
  const cli = await runSettle(together);
  console.log(`chatloom settle: ${seconds(cli.ms)}, peak memory ${megabytes(cli.peakBytes)}`);

  const { page } = await browser.open({ origin: "file" });
  page.setDefaultTimeout(600_000);
  const checkStartMs = performance.now();
  for (const archive of archives) await page.setInputFiles("[data-pick=folder]", archive);
  await sourcesReady(page, 2);
  const checkMs = performance.now() - checkStartMs;
  await page.waitForSelector(".compare");
  const compareMs = performance.now() - checkStartMs - checkMs;
  const merged = await mergeToZip(page);
  const facts = await page.locator(".result .facts").innerText();
  console.log(`page: picking and checking ${seconds(checkMs)}, comparing ${seconds(compareMs)}`);
  console.log(
    `page: ${facts}; renderer's peak memory ${megabytes(await rendererPeakBytes(browser.browser))}`,
  );
  assertSameTree(merged, readBatches(together));
  await page.context().close();
}

async function benchDay(): Promise<void> {
  const store = await generatedArchive({
    channel: "forsen",
    seed: "page day",
    startMs: Date.UTC(2026, 7, 1, 0, 2), // Joins are archived earlier than they come.
    messages: DAY_MESSAGES,
    ratePerSecond: DAY_MESSAGES / 85_000,
    name: "day",
  });
  const place = join(folder.path, "day");
  writeTree(place, await storeTree(store));
  const { page } = await browser.open({ origin: "file" });
  page.setDefaultTimeout(600_000);
  await page.setInputFiles("[data-pick=folder]", place);
  await sourcesReady(page, 1);
  const startMs = performance.now();
  await openView(page, "Chat");
  await page.waitForSelector(".row .speech");
  const firstMs = performance.now() - startMs;
  console.log(`first view of the day: ${seconds(firstMs)}`);
  await page.waitForFunction(() =>
    document.querySelector(".chat-scroll")?.getAttribute("aria-busy") === "false"
  );
  const wholeMs = performance.now() - startMs;
  const count = await page.locator(".status-line span").first().innerText();
  console.log(`all of its ${count}: ${seconds(wholeMs)}`);
  for (const [name, stepPx] of [["reading", 40], ["fast", 600], ["leaping", 60_000]] as const) {
    const frames = await frameTimes(page, stepPx);
    const sorted = [...frames].sort((a, b) => a - b);
    const at = (share: number): string =>
      `${sorted[Math.floor(sorted.length * share)]!.toFixed(1)} ms`;
    const late = frames.filter((ms) => ms > 25).length;
    console.log(
      `scrolling, ${name} (${stepPx} px a frame): ${frames.length} frames, median ${at(0.5)}, ` +
        `95 % within ${at(0.95)}, ${late} late`,
    );
  }
  console.log(`renderer's peak memory ${megabytes(await rendererPeakBytes(browser.browser))}`);
  await page.context().close();
}

/** Scrolls on with every frame, and returns how long each took. */
async function frameTimes(page: Page, stepPx: number): Promise<number[]> {
  return await page.evaluate((stepPx) =>
    new Promise<number[]>((resolve) => {
      const list = document.querySelector(".chat-scroll")!;
      const times: number[] = [];
      let lastMs = performance.now();
      const step = (): void => {
        const nowMs = performance.now();
        times.push(nowMs - lastMs);
        lastMs = nowMs;
        list.scrollTop += stepPx;
        if (times.length < 300) requestAnimationFrame(step);
        else resolve(times.slice(1));
      };
      requestAnimationFrame(step);
    }), stepPx);
}

async function runSettle(archive: string): Promise<{ ms: number; peakBytes: number }> {
  const startMs = performance.now();
  const args = ["run", "--allow-all", "--no-check", MAIN, "settle", "--archive", archive];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  let peak = 0;
  const timer = setInterval(() => peak = Math.max(peak, peakBytes(child.pid!)), 50);
  const exitCode = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  assert.equal(exitCode, 0);
  return { ms: performance.now() - startMs, peakBytes: peak };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
