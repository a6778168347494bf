import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { formatArchiveKey } from "../../src/core/archive/archive_key.ts";
import { encodeCoverage, type ListenedSpan } from "../../src/core/coverage/coverage.ts";
import type { Message } from "../../src/core/batch/message.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { openView, sourcesReady } from "./page/page_actions.ts";
import { putMessages, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const folder = tempFolder();
const HOUR_MS = Date.UTC(2026, 7, 1, 11);
const YEARS_AGO_MS = Date.UTC(2023, 7, 1, 11);
let browser: PageBrowser;
let store: BatchStore;
let node: HttpListener;

/** Messages in minutes 10, 12 and 40; a receiver listened from 10 to 20 and from 30 to 41. */
before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  store = memoryStore();
  for (const ms of [10, 12, 40].map((minute) => HOUR_MS + minute * 60_000)) {
    await putMessages(store, "quiet", [line("quiet", ms)]);
  }
  await putCoverage([[600, 1200], [1800, 2460]]);
  await putMessages(store, "old", [line("old", YEARS_AGO_MS)]);
  await putMessages(store, "old", [line("old", HOUR_MS)]);
  writeTree(folder.path, await storeTree(store));
  node = await startNode(store);
});
after(async () => {
  await node?.close();
  await browser?.close();
  folder.close();
});

function line(channel: string, ms: number): Message {
  return {
    command: "PRIVMSG",
    host: null,
    params: [`#${channel}`, "hello"],
    receivers: { "a.AAAAA.0": ms / 1000 },
    sender: "ada",
    tags: { id: `id${ms}`, "tmi-sent-ts": `${ms}` },
    time: ms / 1000,
    time_range: 0,
    user: "ada",
  };
}

async function putCoverage(spans: ListenedSpan[]): Promise<void> {
  const hourUs = HOUR_MS * 1000;
  const bytes = encodeCoverage(hourUs, new Map([["a.AAAAA.0", spans]]));
  const digest = createHash("sha256").update(bytes).digest();
  await store.put(formatArchiveKey({ kind: "coverage", channel: "quiet", hourUs, digest }), bytes);
}

async function settled(page: Page): Promise<void> {
  await page.waitForSelector(".figures");
  await page.waitForFunction(() =>
    document.querySelector(".span") !== null && !document.body.innerText.includes("reading…")
  );
}

async function facts(
  page: Page,
): Promise<{ span: string; unrecorded: string[]; unknown: string[] }> {
  await settled(page);
  return {
    span: await page.locator(".span").innerText(),
    unrecorded: await page.locator(".gaps.is-unrecorded li a").allTextContents(),
    unknown: await page.locator(".gaps.is-unknown li a").allTextContents(),
  };
}

const QUIET = {
  span: "2026-08-01 11:10 to 11:41:00",
  unrecorded: ["2026-08-01 11:20, 10 minutes"],
  unknown: [],
};

test("the timeline of a node calls only that unrecorded which coverage leaves out", {
  skip: skipPage,
}, async () => {
  const origin = node.url as `http://${string}`;
  const opened = await browser.open({ origin, hash: "#/timeline/quiet" });
  await opened.page.waitForSelector(".gaps.is-unrecorded");
  assert.deepEqual(await facts(opened.page), QUIET);
  await closePage(opened);
});

test("so does the timeline of an archive that was dropped", { skip: skipPage }, async () => {
  const opened = await browser.open();
  const { page } = opened;
  await page.setInputFiles("[data-pick=folder]", folder.path);
  await sourcesReady(page, 1);
  await openView(page, "Timeline");
  await page.selectOption("select", "quiet").catch(() => {});
  await page.goto(`${page.url().split("#")[0]}#/timeline/quiet`);
  await page.waitForSelector(".gaps.is-unrecorded");
  assert.deepEqual(await facts(page), QUIET);
  await closePage(opened);
});

test("the timeline of an archive of years stays with its last hours", {
  skip: skipPage,
}, async () => {
  const origin = node.url as `http://${string}`;
  const opened = await browser.open({ origin, hash: "#/timeline/old" });
  const { page } = opened;
  await page.waitForFunction(() => document.querySelector(".figures dd")?.textContent === "1");
  const { span } = await facts(page);
  assert.equal(span, "2026-08-01 09:00 to 11:01");
  await closePage(opened);
});

for (const viewport of [{ width: 1_280, height: 800 }, { width: 360, height: 740 }]) {
  test(`a chart ${viewport.width} px wide leaves room for its labels, and lanes end with it`, {
    skip: skipPage,
  }, async () => {
    const origin = node.url as `http://${string}`;
    const opened = await browser.open({ origin, hash: "#/timeline/quiet", viewport });
    const { page } = opened;
    await settled(page);
    await page.waitForSelector(".strip");
    const edges = (selector: string): Promise<{ left: number; right: number }> =>
      page.locator(selector).first().evaluate((element) => {
        const { left, right } = element.getBoundingClientRect();
        return { left, right };
      });
    const [plot, canvas, strip] = [
      await edges(".u-over"),
      await edges(".chart canvas"),
      await edges(".strip"),
    ];
    // A date is 72 px wide, and centred under its tick.
    assert.ok(canvas.right - plot.right >= 36, JSON.stringify({ canvas, plot }));
    assert.ok(plot.left - canvas.left >= 36, JSON.stringify({ canvas, plot }));
    assert.ok(canvas.right <= viewport.width, JSON.stringify(canvas));
    assert.ok(Math.abs(strip.right - plot.right) <= 2, JSON.stringify({ strip, plot }));
    assert.ok(Math.abs(strip.left - plot.left) <= 2, JSON.stringify({ strip, plot }));
    await closePage(opened);
  });
}
