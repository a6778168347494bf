import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import type { Message } from "../../src/core/batch/message.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { hitBars } from "../../src/web/search/hits_histogram.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { openView, sourcesReady } from "./page/page_actions.ts";
import { putMessages, said, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2026, 4, 1, 12);
const DAYS = 60;
const folder = tempFolder();
let browser: PageBrowser;
let store: BatchStore;
let node: HttpListener;

/** Each day ada says something, and every tenth day troll does. */
function dayOfChat(day: number): Message[] {
  const ms = FIRST_MS + day * DAY_MS;
  const message = (sender: string, text: string, second: number): Message => ({
    ...said(text, {
      tags: { "tmi-sent-ts": `${ms + second * 1000}`, id: `${sender}-${day}` },
    }),
    sender,
    user: sender,
    time: ms / 1000 + second,
    receivers: { "a.AAAAA.0": ms / 1000 + second + 0.5 },
  });
  const lines = [message("ada", `good morning ${day}`, 1)];
  if (day % 10 === 0) lines.push(message("troll", `Bad WORDS ${day}`, 2));
  return lines;
}

before(async () => {
  store = memoryStore();
  for (let day = 0; day < DAYS; day++) await putMessages(store, "search", dayOfChat(day));
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  writeTree(join(folder.path, "days"), await storeTree(store));
  node = await startNode(store);
});
after(async () => {
  await node?.close();
  await browser?.close();
  folder.close();
});

const TROLL = [50, 40, 30, 20, 10, 0].map((day) => `Bad WORDS ${day}`);

/** Types a text, and waits until typing has come to rest. */
async function type(page: Page, text: string): Promise<void> {
  await page.fill("[aria-label='Search text']", text);
  const wanted = new URLSearchParams({ text }).toString();
  await page.waitForFunction((wanted) => location.hash.includes(wanted), wanted);
}

async function found(page: Page): Promise<string[]> {
  await page.waitForFunction(() =>
    /^[\d,]+ found$/.test(document.querySelector(".search-status p")?.textContent ?? "")
  );
  return await page.locator(".hit .text").allTextContents();
}

test("a name is looked up over all days, and a hit leads to its place in chat", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open({
    origin: node.url as `http://${string}`,
    hash: "#/chat/search",
  });
  const { page } = opened;
  await page.fill("[aria-label=User]", "@Troll");
  await page.click("text=Search all days");
  assert.deepEqual(await found(page), TROLL);
  assert.match(page.url(), /#\/search\/search\?user=%40Troll$/);
  await page.reload();
  assert.deepEqual(await found(page), TROLL);
  await page.locator(".hit-link").nth(1).click();
  await page.waitForSelector(".row.is-linked");
  assert.match(await page.locator(".row.is-linked").innerText(), /Bad WORDS 40/);
  await page.goBack();
  assert.deepEqual(await found(page), TROLL);
  // A bar narrows the time, and Back widens it again.
  await page.locator(".histogram-bar:not(:disabled)").nth(2).click();
  assert.deepEqual(await found(page), ["Bad WORDS 20"]);
  await page.goBack();
  assert.deepEqual(await found(page), TROLL);
  await closePage(opened);
});

test("a name leads to the timeout, and its link opens the same line elsewhere, in three clicks", {
  skip: skipPage,
}, async () => {
  const timeoutMs = FIRST_MS + 40 * DAY_MS + 5_000;
  const room = memoryStore();
  for (let day = 0; day < DAYS; day++) await putMessages(room, "search", dayOfChat(day));
  await putMessages(room, "search", [{
    ...said("troll", {
      tags: { "tmi-sent-ts": `${timeoutMs}`, "ban-duration": "600", id: "timeout-40" },
    }),
    command: "CLEARCHAT",
    sender: "tmi.twitch.tv",
    time: timeoutMs / 1000,
    receivers: { "a.AAAAA.0": timeoutMs / 1000 + 0.5 },
  }]);
  const server = await startNode(room);
  const origin = server.url as `http://${string}`;
  const permissions = ["clipboard-read", "clipboard-write"];
  const opened = await browser.open({ origin, permissions, hash: "#/chat/search/2026-06-20" });
  const fresh = await browser.open({ origin });
  try {
    const { page } = opened;
    let clicks = 0;
    const click = async (selector: string): Promise<void> => {
      clicks += 1;
      await page.click(selector);
    };
    await click(".row:has-text('Bad WORDS 50')");
    assert.equal(
      await page.locator(".detail a[target=_blank]").getAttribute("href"),
      "https://www.twitch.tv/troll",
    );
    await click(".detail >> text='All days'");
    await found(page);
    assert.match(page.url(), /#\/search\/search\?user=troll$/);
    assert.equal(await page.locator(".hit").count(), TROLL.length + 1);
    await click(".hit:has(.is-clearchat) .hit-link");
    await page.waitForSelector(".row.is-linked");
    assert.equal(clicks, 3); // The address is the link.
    await fresh.page.goto(page.url());
    await fresh.page.waitForSelector(".row.is-linked");
    assert.match(await fresh.page.locator(".row.is-linked").innerText(), /troll was timed out/);
    await page.click(".row.is-linked");
    await page.click("text='Copy text'");
    await page.waitForSelector("text='Copied'");
    assert.equal(
      await page.evaluate(() => navigator.clipboard.readText()),
      "[2026-06-10 12:00:05] #search troll: troll has been timed out for 600 seconds",
    );
  } finally {
    await closePage(opened);
    await closePage(fresh);
    await server.close();
  }
});

test("a bot's link to a channel and a user opens what the user said", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open();
  const { page } = opened;
  await page.goto(`${node.url}/?channel=Search&username=troll`);
  assert.deepEqual(await found(page), TROLL);
  assert.equal(page.url(), `${node.url}/#/search/search?user=troll`);
  await closePage(opened);
});

test("days bound a search of files that were dropped; text and patterns are found in any case", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open({ origin: "file" });
  const { page } = opened;
  await page.setInputFiles("[data-pick=folder]", join(folder.path, "days"));
  await sourcesReady(page, 1);
  await openView(page, "Search");
  await type(page, "bad words");
  assert.deepEqual(await found(page), TROLL);
  const marked = await page.evaluate(() =>
    [...CSS.highlights.get("found")!].map((range) => (range as Range).toString())
  );
  assert.deepEqual(marked, TROLL.flatMap(() => ["Bad", "WORDS"]));
  await page.fill("[aria-label^='From']", "2026-05-21");
  assert.deepEqual(await found(page), TROLL.slice(0, 4));
  await page.fill("[aria-label^='To']", "2026-06-10");
  assert.deepEqual(await found(page), TROLL.slice(1, 4));
  await page.click("[aria-label='Regular expression']");
  await type(page, "words [34]0$");
  assert.deepEqual(await found(page), ["Bad WORDS 40", "Bad WORDS 30"]);
  await page.click("[aria-label='Regular expression']");
  await type(page, "WORDS bad");
  assert.deepEqual(await found(page), TROLL.slice(1, 4), "whole words in any order");
  for (const none of ["bad word", '"words bad"']) {
    await type(page, none);
    assert.deepEqual(await found(page), [], none);
  }
  await type(page, '"bad words 4"');
  assert.deepEqual(await found(page), [], "words of a phrase are whole too");
  await type(page, '"bad words 40"');
  assert.deepEqual(await found(page), ["Bad WORDS 40"]);
  await page.click("[aria-label='Regular expression']");
  await type(page, "nothing like it");
  assert.deepEqual(await found(page), []);
  await page.waitForSelector("text=No message of search meets this");
  await type(page, "(");
  await page.waitForSelector(".search-status .bad");
  await closePage(opened);
});

test("a search rests when it has found enough, and goes on when it is asked to", {
  skip: skipPage,
}, async () => {
  const many = memoryStore();
  for (let day = 0; day < 3; day++) {
    const ms = FIRST_MS + day * DAY_MS;
    await putMessages(
      many,
      "search",
      Array.from({ length: 300 }, (_, i) => ({
        ...said(`line ${day}`, { tags: { "tmi-sent-ts": `${ms + i}`, id: `${day}-${i}` } }),
        time: (ms + i) / 1000,
        receivers: { "a.AAAAA.0": ms / 1000 + 1 },
      })),
    );
  }
  const server = await startNode(many);
  try {
    const opened = await browser.open({
      origin: server.url as `http://${string}`,
      hash: "#/search/search?text=line",
    });
    const { page } = opened;
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      await page.waitForSelector("text=Search earlier messages");
      counts.push(await page.locator(".hit").count());
      await page.click("text=Search earlier messages");
      await page.waitForFunction(
        (before) => document.querySelectorAll(".hit").length > before,
        counts.at(-1)!,
      );
    }
    await page.waitForFunction(() => document.querySelectorAll(".hit").length === 900);
    assert.deepEqual(counts, [200, 400, 600, 800]);
    await found(page);
    await closePage(opened);
  } finally {
    await server.close();
  }
});

test(
  "a node searches by itself: no chat is read, its keyboard user reaches a hit, its refusal is shown",
  {
    skip: skipPage,
  },
  async () => {
    const opened = await browser.open({ origin: node.url as `http://${string}` });
    const { page } = opened;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    page.context().on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${node.url}/#/search/search?text=words+bad&user=troll`);
    assert.deepEqual(await found(page), TROLL);
    assert.equal(await page.locator(".histogram-bar:not(:disabled)").count(), TROLL.length);
    assert.ok(asked.includes("/search/search.json"), `${asked}`);
    assert.ok(!asked.some((path) => path.endsWith("chat.ndjson")), `${asked}`);
    await page.focus("[aria-label=User]");
    let steps = 0;
    const isAtHit = () => document.activeElement?.classList.contains("hit-link") === true;
    while (!await page.evaluate(isAtHit) && steps++ < 40) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".row.is-linked");
    assert.match(await page.locator(".row.is-linked").innerText(), /Bad WORDS 50/);
    await page.goto(`${node.url}/#/search/search?text=(&regex=1`);
    await page.waitForSelector(".search-status .bad");
    await closePage(opened);
  },
);

test("hitBars counts every hit of the span once, in at most 61 bars", () => {
  for (const days of [0.001, 0.1, 1, 3, 30, 365, 3_650]) {
    const span = { fromUs: FIRST_MS * 1000, untilUs: FIRST_MS * 1000 + days * DAY_MS * 1000 };
    const stepUs = (span.untilUs - span.fromUs) / 500;
    const counts = new Map(
      Array.from({ length: 500 }, (_, i) => [Math.floor(span.fromUs + i * stepUs), i]),
    );
    const bars = hitBars(counts, span);
    assert.ok(bars.length <= 61, `${days} days: ${bars.length}`);
    assert.equal(bars.reduce((sum, { count }) => sum + count, 0), 499 * 500 / 2, `${days} days`);
    for (const [i, bar] of bars.slice(1).entries()) assert.equal(bar.fromUs, bars[i]!.untilUs);
  }
});
