import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import type { Message } from "../../src/core/batch/message.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { seriousOf } from "./page/axe.ts";
import { lineAt, putMessages } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

// The paths that people take, counted in clicks.
const CHANNEL = "paths";
let browser: PageBrowser;
let node: HttpListener;

function line(iso: string, login: string, text: string, more: Partial<Message> = {}): Message {
  return lineAt(Date.parse(iso) / 1_000, { login, text, ...more });
}

const troll = { tags: { "user-id": "666" } };
const timeout = line("2026-07-14T20:00:09Z", "", "", {
  command: "CLEARCHAT",
  params: [`#${CHANNEL}`, "troll"],
  sender: "tmi.twitch.tv",
  user: null,
  tags: { "target-user-id": "666", "ban-duration": "600", id: "" },
});
const CHAT: readonly Message[][] = [
  [line("2026-05-02T12:00:00Z", "troll", "hello in May", troll)],
  [line("2026-07-14T20:00:01Z", "troll", "something rude in July", troll), timeout],
  [line("2026-07-20T18:00:00Z", "viewer", "all is calm", { tags: { "user-id": "1" } })],
  [line("2026-08-03T12:00:00Z", "troll", "back again", troll)],
];

const reply = { tags: { "reply-parent-msg-id": "root", "reply-parent-msg-body": "who is up" } };
const NIGHT: readonly Message[][] = [
  [line("2026-07-14T23:58:00Z", "owl", "who is up", { tags: { id: "root" } })],
  [line("2026-07-14T23:59:00Z", "cat", "sleep", {})],
  [line("2026-07-15T00:02:00Z", "bat", "I am, as always", reply)],
  [line("2026-07-15T09:00:00Z", "hen", "good morning", reply)],
];

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  const store = memoryStore();
  for (const minute of CHAT) await putMessages(store, CHANNEL, minute);
  for (const minute of NIGHT) await putMessages(store, "night", minute);
  node = await startNode(store);
});
after(async () => {
  await node?.close();
  await browser?.close();
});

/** What axe finds that is serious or worse. */
async function serious(page: Page): Promise<string[]> {
  return (await seriousOf(page)).map(({ id }) => id);
}

/** Clicks, and counts it. */
function clicker(page: Page) {
  let clicks = 0;
  return {
    async click(selector: string): Promise<void> {
      clicks++;
      await page.click(selector);
    },
    get clicks(): number {
      return clicks;
    },
  };
}

test("a moderator finds what someone said in July, the timeout, and a link to it, in five clicks", {
  skip: skipPage,
}, async () => {
  const origin = node.url as `http://${string}`;
  const opened = await browser.open({ origin, hash: `#/chat/${CHANNEL}/2026-08-03T12:00:00.000Z` });
  const { page } = opened;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const hand = clicker(page);
  await hand.click(".row:has-text('back again') .name");
  await hand.click(".person-card nav[aria-label=Months] >> text='2026-07'");
  await page.locator(".person .hits .text").first().waitFor();
  assert.deepEqual(await page.locator(".person .hits .text").allInnerTexts(), [
    "something rude in July",
  ]);
  assert.equal(
    await page.locator(".person-actions .is-removed .text").innerText(),
    "something rude in July",
  );
  await hand.click(".person-actions .is-clearchat >> text='Show in chat'");
  await hand.click(".chat .is-linked");
  await hand.click(".detail >> text='Copy link'");
  await page.waitForSelector(".detail >> text='Copied'");
  assert.ok(hand.clicks <= 5);
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await closePage(opened);
  const fresh = await browser.open({ origin, hash: new URL(link).hash });
  await fresh.page.waitForSelector(".row.is-linked:has-text('troll was timed out for 10 minutes')");
  await closePage(fresh);
});

test("the card is opened, read and closed by keyboard, and gives the focus back", {
  skip: skipPage,
}, async () => {
  const origin = node.url as `http://${string}`;
  const opened = await browser.open({ origin, hash: `#/chat/${CHANNEL}/2026-07-14T20:00:00.000Z` });
  const { page } = opened;
  await page.focus(".row:has-text('something rude') >> nth=0");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("u");
  await page.waitForSelector(".person-card >> text='Twitch does not tell which moderator did it.'");
  await page.waitForSelector(".person-card nav[aria-label=Months] >> text='2026-05'");
  const isInCard = () =>
    page.evaluate(() => document.activeElement?.closest(".person-card") !== null);
  assert.ok(await isInCard(), "the card takes the focus");
  assert.deepEqual(await serious(page), []);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "All their lines");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".person-card", { state: "detached" });
  await page.waitForFunction(() =>
    document.activeElement?.matches(".row") === true &&
    document.activeElement.textContent?.includes("something rude")
  );
  await page.setViewportSize({ width: 390, height: 780 });
  await page.click(".row:has-text('something rude') .name");
  const box = (await page.locator(".person-card").boundingBox())!;
  assert.deepEqual(await serious(page), []);
  assert.ok(box.x === 0 && box.width === 390 && box.y > 200, JSON.stringify(box));
  await page.click(".person-card nav[aria-label=Months] >> text='2026-08'");
  await page.waitForSelector(".person >> text='back again'");
  assert.equal(await page.locator(".person-card").count(), 0);
  await closePage(opened);
});

test("a thread is shown on both sides of midnight", { skip: skipPage }, async () => {
  const origin = node.url as `http://${string}`;
  const opened = await browser.open({ origin, hash: "#/chat/night/2026-07-15T00:02:00.000Z" });
  const { page } = opened;
  await page.click(".row:has-text('as always') .reply-text");
  await page.waitForSelector("text=3 of 4 messages");
  assert.deepEqual(await page.locator(".row .text").allInnerTexts(), [
    "who is up",
    "I am, as always",
    "good morning",
  ]);
  await closePage(opened);
});
