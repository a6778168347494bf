import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { formatArchiveKey } from "../../src/core/archive/archive_key.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { encodeCoverage, type ListenedSpan } from "../../src/core/coverage/coverage.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { violationsOf } from "./page/axe.ts";
import { openView, sourcesReady } from "./page/page_actions.ts";
import { putMessages, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

// With SCREENSHOTS=folder pictures are made.
const pictures = process.env["SCREENSHOTS"];
const CHANNEL = "crewchan";
const DAY_MS = Date.UTC(2026, 7, 1);
const HOUR_MS = 3_600_000;
const RECEIVERS = ["ams.AAAAA.0", "sea.BBBBB.0"];
const EARLY: ListenedSpan = [0, 600];
const LATE: ListenedSpan = [1_800, 3_600];
const folder = tempFolder();
let browser: PageBrowser;
let node: HttpListener;
let origin: `http://${string}`;

/**
 * Chat in 2024, and on 1 August 2026 from 10:00 to 16:00, ten messages a minute, but none from 12:10 to 12:30,
 * when no receiver listened. Amsterdam hears until then, Seattle from then on.
 */
before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  const store = memoryStore();
  await putMinute(store, Date.UTC(2024, 1, 29, 20, 5), "ams.AAAAA.0");
  for (let hour = 10; hour < 16; hour++) {
    for (let minute = 0; minute < 60; minute++) {
      if (hour === 12 && minute >= 10 && minute < 30) continue;
      const isEarly = hour < 12 || (hour === 12 && minute < 30);
      const ms = DAY_MS + hour * HOUR_MS + minute * 60_000;
      await putMinute(store, ms, RECEIVERS[isEarly ? 0 : 1]!);
    }
    const isSplit = hour === 12;
    const whole: ListenedSpan = [0, 3_600];
    await putCoverage(store, DAY_MS + hour * HOUR_MS, [
      ...(hour <= 12 ? [[RECEIVERS[0]!, isSplit ? EARLY : whole] as const] : []),
      ...(hour >= 12 ? [[RECEIVERS[1]!, isSplit ? LATE : whole] as const] : []),
    ]);
  }
  writeTree(folder.path, await storeTree(store));
  node = await startNode(store);
  origin = node.url as `http://${string}`;
});
after(async () => {
  await node?.close();
  await browser?.close();
  folder.close();
});

async function putMinute(store: BatchStore, ms: number, receiver: string): Promise<void> {
  const messages = Array.from({ length: 10 }, (_, i): Message => {
    const atS = (ms + i * 5_000) / 1_000;
    return {
      command: "PRIVMSG",
      host: null,
      params: [`#${CHANNEL}`, `مرحبا ${i}`],
      receivers: { [receiver]: atS },
      sender: "ada",
      tags: { id: `id${ms}-${i}`, "tmi-sent-ts": `${ms + i * 5_000}` },
      time: atS,
      time_range: 0,
      user: "ada",
    };
  });
  await putMessages(store, CHANNEL, messages);
}

async function putCoverage(
  store: BatchStore,
  hourMs: number,
  listened: readonly (readonly [receiver: string, span: ListenedSpan])[],
): Promise<void> {
  const hourUs = hourMs * 1_000;
  const bytes = encodeCoverage(hourUs, new Map(listened.map(([name, span]) => [name, [span]])));
  const digest = createHash("sha256").update(bytes).digest();
  await store.put(formatArchiveKey({ kind: "coverage", channel: CHANNEL, hourUs, digest }), bytes);
}

async function yearRead(page: Page): Promise<void> {
  await page.waitForSelector(".cal-day:not(.is-blank)");
  await page.waitForFunction(() => !document.body.innerText.includes("reading…"));
}

const gapText = (page: Page): Promise<string[]> => page.locator(".gaps li a").allTextContents();
const ownDay = "[role=gridcell][aria-label^='2026-08-01']";

async function whoWasThere(page: Page): Promise<string> {
  await page.waitForSelector(".gaps.is-unrecorded p");
  await page.waitForFunction(() => !document.body.innerText.includes("reading…"));
  return await page.locator(".gaps.is-unrecorded p").last().innerText();
}
const WHO =
  "Before: ams.AAAAA.0 heard chat. After: sea.BBBBB.0 heard chat. Likely missed: about 200 messages.";

test("an event crew goes from a year over a gap to who was there in two clicks", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open({ origin, hash: `#/chat/${CHANNEL}` });
  const { page } = opened;
  await page.waitForSelector(".row");
  let clicks = 0;
  const click = async (selector: string): Promise<void> => {
    clicks++;
    await page.click(selector);
  };
  await click('nav >> text="Calendar"');
  await yearRead(page);
  await click(".gaps li a");
  assert.equal(await whoWasThere(page), WHO);
  assert.equal(clicks, 2);
  assert.equal(
    await page.locator(".gaps.is-unrecorded li a").innerText(),
    "2026-08-01 12:10, 20 minutes",
  );
  assert.equal(await page.locator(".receiver-rows li").count(), 2);
  await page.goBack();
  await yearRead(page);
  await page.goBack();
  await page.waitForSelector(".row");
  await closePage(opened);
});

test("the calendar of a node without an index shows days and gaps, year by year", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open({ origin, hash: `#/calendar/${CHANNEL}` });
  const { page } = opened;
  await yearRead(page);
  assert.equal(await page.locator("[role=gridcell]").count(), 365);
  assert.equal(
    await page.getAttribute(ownDay, "aria-label"),
    "2026-08-01: messages not counted, 20 minutes without a recorder",
  );
  assert.deepEqual(await page.locator(".years a").allTextContents(), ["2024", "2025", "2026"]);
  await page.click(".years >> text=2024");
  await page.waitForSelector("[aria-label='2024-02-29: messages not counted']");
  assert.equal(await page.locator("[role=gridcell]").count(), 366);
  const months = page.locator("nav[aria-label=Months] a");
  assert.deepEqual(await months.allTextContents(), ["2024-02"]);
  const german = await browser.open({
    origin,
    hash: `#/calendar/${CHANNEL}/2024-02-29T00:00:00.000Z`,
    locale: "de-DE",
  });
  await german.page.waitForSelector("nav[aria-label=Monate] >> text='2024-02'");
  await closePage(german);
  await months.click();
  await page.waitForSelector(".row");
  assert.match(page.url(), /#\/chat\/[^/]+\/2024-02-29T/);
  await closePage(opened);
});

test("the calendar of a dropped archive counts its messages", { skip: skipPage }, async () => {
  const opened = await browser.open({ origin: "file" });
  const { page } = opened;
  await page.setInputFiles("[data-pick=folder]", folder.path);
  await sourcesReady(page, 1);
  await openView(page, "Calendar");
  await yearRead(page);
  assert.equal(
    await page.getAttribute(ownDay, "aria-label"),
    "2026-08-01: 3,400 messages, 20 minutes without a recorder",
  );
  // Hours beside it have 600 messages, and its own 40 minutes 400: ten a minute.
  assert.deepEqual(await gapText(page), ["2026-08-01 12:00: 20 minutes, about 200 messages"]);
  await page.click("summary");
  assert.match(await page.locator("tr", { hasText: "2026-08" }).innerText(), /3,400\s+1\s/);
  assert.match(await page.locator("tr", { hasText: "2026-09" }).innerText(), /–\s+–\s+–/);
  await closePage(opened);
});

test("the keyboard alone leads from a year to a day, its chart and its chat", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open({ origin, hash: `#/calendar/${CHANNEL}` });
  const { page } = opened;
  await yearRead(page);
  const label = (): Promise<string | null> =>
    page.evaluate(() => document.activeElement!.getAttribute("aria-label"));
  const tabTo = async (role: string): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      if (
        await page.evaluate((role) => document.activeElement!.getAttribute("role") === role, role)
      ) return;
    }
    assert.fail(`no ${role} is reached by Tab`);
  };
  await tabTo("gridcell");
  assert.match((await label())!, /^2026-01-01/);
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.activeElement!.ariaLabel!.startsWith("2026-12-31"));
  await page.keyboard.press("Home");
  // 1 August is the 213th day: 30 weeks and 2 days on.
  for (let i = 0; i < 30; i++) await page.keyboard.press("ArrowRight");
  for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.activeElement!.ariaLabel!.startsWith("2026-08-01"));
  await page.keyboard.press("Enter");
  assert.equal(await whoWasThere(page), WHO);
  await tabTo("img");
  await page.keyboard.press("+");
  await page.waitForFunction(() => document.querySelector(".span")!.textContent!.includes("18:00"));
  await page.keyboard.press("Home");
  await page.waitForFunction(() =>
    document.querySelector(".span")!.textContent!.startsWith("2024-02-29 20:00")
  );
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.querySelector(".span")!.textContent!.includes("16:00"));
  await page.keyboard.press("Enter");
  await page.waitForSelector(".row");
  assert.match(page.url(), /#\/chat\/crewchan\/2026-08-01T10/);
  await closePage(opened);
});

test("zooming out of two weeks leads to the year", { skip: skipPage }, async () => {
  const hash = `#/timeline/${CHANNEL}/2026-07-20T00:00:00Z~2026-08-03T00:00:00Z`;
  const opened = await browser.open({ origin, hash });
  const { page } = opened;
  await page.waitForSelector(".figures");
  await page.click("[aria-label='Show more']");
  await yearRead(page);
  assert.match(page.url(), /#\/calendar\/crewchan\/2026-07-20/);
  await closePage(opened);
});

test("a finger meets days and years of at least 24 px each way", { skip: skipPage }, async () => {
  const viewport = { width: 390, height: 780 };
  const hash = `#/calendar/${CHANNEL}/2026-08-01`;
  const opened = await browser.open({ origin, hash, viewport, hasTouch: true, isMobile: true });
  const { page } = opened;
  await yearRead(page);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll(".cal-day, .years a, .measure button, .gaps li a")].filter(
      (each) => {
        const { width, height } = each.getBoundingClientRect();
        return Math.min(width, height) < 24;
      },
    ).map((each) => each.outerHTML)
  );
  assert.deepEqual(small.slice(0, 3), []);
  await closePage(opened);
});

test("what a message says has its own direction: right to left where its letters do", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open({ origin, hash: `#/chat/${CHANNEL}/2026-08-01T10:00:00Z` });
  const { page } = opened;
  await page.waitForSelector(".row .speech");
  const directions = await page.locator(".speech .text").first().evaluate((text) => [
    text.textContent,
    text.matches("bdi:dir(rtl)"),
    text.closest(".speech")!.matches(":dir(ltr)"),
    text.closest(".speech")!.querySelector(".name")!.matches("bdi:dir(ltr)"),
  ]);
  assert.deepEqual(directions, ["مرحبا 0", true, true, true]);
  await closePage(opened);
});

for (
  const [name, context] of [
    ["desk", { viewport: { width: 1200, height: 800 } }],
    ["dark phone", { viewport: { width: 390, height: 780 }, colorScheme: "dark" }],
    ["forced colours", { viewport: { width: 1200, height: 800 }, forcedColors: "active" }],
  ] as const
) {
  test(`the calendar is legible to all: ${name}`, { skip: skipPage }, async () => {
    const opened = await browser.open({
      origin,
      hash: `#/calendar/${CHANNEL}/2026-08-01`,
      reducedMotion: "reduce",
      ...context,
    });
    const { page } = opened;
    await yearRead(page);
    await page.click(".measure button >> nth=1");
    await page.click(".measure button >> nth=0");
    const violations = await violationsOf(page);
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`), []);
    const overflow = await page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth
    );
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    // The day that was asked for is in view, also where the year is wider than the screen.
    const box = (await page.locator(ownDay).boundingBox())!;
    assert.ok(box.x >= 0 && box.x + box.width <= context.viewport.width, JSON.stringify(box));
    const gap = await page.locator(ownDay).evaluate((cell) =>
      getComputedStyle(cell).borderBottomWidth
    );
    assert.equal(gap, "4px");
    if (pictures !== undefined) {
      await page.screenshot({ path: join(pictures, `calendar-${name.replace(" ", "-")}.png`) });
    }
    await closePage(opened);
  });
}
