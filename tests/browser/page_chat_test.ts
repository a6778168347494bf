import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import type { Message } from "../../src/core/batch/message.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import type { Page } from "playwright-core";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import {
  openView,
  rowsLoaded,
  sourcesReady,
  visibleClocks,
  wholeDayRead,
} from "./page/page_actions.ts";
import { generatedArchive, putMessages, said, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";
import { until } from "../waiting/until.ts";

const START_MS = Date.UTC(2026, 7, 1, 9, 30);
const MESSAGES = 12_000;
const folder = tempFolder();
let browser: PageBrowser;
let store: BatchStore;
let node: HttpListener;

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  store = await generatedArchive({
    channel: "forsen",
    seed: "page chat",
    startMs: START_MS,
    messages: MESSAGES,
    ratePerSecond: 2,
    name: "day",
  });
  writeTree(join(folder.path, "day"), await storeTree(store));
  node = await startNode(store);
});
after(async () => {
  await node?.close();
  await browser?.close();
  folder.close();
});

/** Waits until the list has drawn rows where it was scrolled to: those of before are loaded, too. */
async function rowsReach(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const list = document.querySelector(".chat-scroll")!.getBoundingClientRect();
    const rows = [...document.querySelectorAll(".row")].map((row) => row.getBoundingClientRect());
    return rows.some(({ top }) => top <= list.top + 2) &&
      rows.some(({ bottom }) => bottom >= list.bottom - 2);
  });
}

test(
  "VirtualList shows a day, in order, with few rows in the document",
  { skip: skipPage },
  async () => {
    const opened = await browser.open({ origin: "file" });
    const { page } = opened;
    await page.setInputFiles("[data-pick=folder]", join(folder.path, "day"));
    await sourcesReady(page, 1);
    await openView(page, "Chat");
    await rowsLoaded(page);
    const count = await wholeDayRead(page);
    assert.ok(count > MESSAGES * 0.95, `${count}`);
    let last = "";
    for (let i = 0; i < 30; i++) {
      await page.locator(".chat-scroll").evaluate((list, i) => list.scrollTop += 400 + i * 100, i);
      await rowsReach(page);
      await rowsLoaded(page);
      const clocks = await visibleClocks(page);
      assert.ok(clocks.length > 5);
      assert.deepEqual(clocks, [...clocks].sort());
      assert.ok(clocks[0]! >= last, `${clocks[0]} after ${last}`);
      last = clocks[0]!;
      assert.ok(await page.locator(".row").count() < 150);
    }
    await page.locator(".chat-scroll").evaluate((list) => list.scrollTop = list.scrollHeight);
    await page.waitForSelector(`.row[aria-posinset="${count}"]`);
    await rowsLoaded(page);
    const end = page.locator(".row").last();
    assert.equal(await end.getAttribute("aria-posinset"), `${count}`);
    assert.equal(await end.getAttribute("aria-setsize"), `${count}`);
    await closePage(opened);
  },
);

test("the address leads back to the moment and the filter", { skip: skipPage }, async () => {
  const opened = await browser.open({ origin: node.url as `http://${string}` });
  const { page } = opened;
  await openView(page, "Chat");
  await rowsLoaded(page);
  await page.fill(".jump input", "10:15:00");
  await page.press(".jump input", "Enter");
  await page.waitForFunction(() => location.hash.includes("T10:15:00"));
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".row time")].some((time) => /^10:1[45]/.test(time.textContent!))
  );
  await rowsLoaded(page);
  // What stands around the moment is read in pieces: the list may move until all of them are there.
  let before: string[] = [];
  await until(async () => {
    before = await visibleClocks(page);
    return before.some((clock) => clock >= "10:15:00") && before[0]! <= "10:15:05";
  }, "the moment to be shown");
  await page.reload();
  await rowsLoaded(page);
  await until(
    async () => (await visibleClocks(page)).some((clock) => before.includes(clock)),
    `one of ${before} after the reload`,
  );

  await page.selectOption("[aria-label=Kind]", "CLEARCHAT");
  await page.waitForFunction(() => location.hash.includes("command=CLEARCHAT"));
  await page.waitForSelector(".row.is-clearchat");
  const count = await wholeDayRead(page);
  assert.ok(count > 20 && count < 1_000, `${count}`);
  assert.equal(await page.locator(".row:not(.is-clearchat)").count(), 0);
  await page.reload();
  await page.waitForSelector(".row.is-clearchat");
  assert.equal(await wholeDayRead(page), count);
  await closePage(opened);
});

test("search finds text, users and patterns, and stops a pattern that never ends", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open({ origin: "file" });
  const { page } = opened;
  const hard = memoryStore();
  const texts = ["alpha beta", "ALPHA gamma", "42 delta", `${"a".repeat(60)}!`];
  await putMessages(hard, "search", texts.map((text, i) => said(text, { second: i })));
  writeTree(join(folder.path, "search"), await storeTree(hard));
  await page.setInputFiles("[data-pick=folder]", join(folder.path, "search"));
  await sourcesReady(page, 1);
  await openView(page, "Chat");
  await rowsLoaded(page);
  const shows = (texts: readonly string[]) =>
    page.waitForFunction((wanted) => {
      const texts = [...document.querySelectorAll(".row .text")].map((row) => row.textContent);
      return JSON.stringify(texts) === JSON.stringify(wanted);
    }, texts);
  await page.fill("[aria-label='Search text']", "alpha");
  await shows(["alpha beta", "ALPHA gamma"]);
  await page.click("[aria-label='Regular expression']");
  await page.fill("[aria-label='Search text']", "^\\d+ d");
  await shows(["42 delta"]);
  await page.fill("[aria-label='Search text']", "(");
  await page.waitForSelector(".empty.bad");
  await page.fill("[aria-label='Search text']", "(a+)+$");
  await page.waitForSelector("text=the pattern takes too long");
  await page.fill("[aria-label='Search text']", "");
  await page.fill("[aria-label=User]", "USER2");
  await shows(["42 delta"]);
  await closePage(opened);
});

const HOSTILE: readonly string[] = [
  "<img src=x onerror=alert(1)><script>document.title='owned'</script>",
  "&lt;b&gt; &amp; &#60;",
  "\u202egnirts desrever\u202c and \u2066isolated",
  "Z\u0351\u036b\u0343\u036a\u0302".repeat(30),
  "${alert(1)} {{x}} javascript:alert(1) ]]> --> </style>",
  "\u0000\u0007\u001b[31mred",
  "\ud83d\ude00 \ud800 lone",
];

test("hostile text is shown as text", { skip: skipPage }, async () => {
  const hostile = memoryStore();
  await putMessages(
    hostile,
    "search",
    HOSTILE.map((text, second) =>
      said(text, {
        second,
        tags: {
          "display-name": text,
          color: "red;background:url(https://evil.test/)",
          badges: `${text}/1,moderator/"><b>`,
          emotes: '25:0-4,x"onerror=:6-7/../..:8-9,99999-1',
          "reply-parent-msg-body": text,
          __proto__x: text,
        },
      })
    ),
  );
  writeTree(join(folder.path, "hostile"), await storeTree(hostile));
  const opened = await browser.open({ origin: "file" });
  const { page } = opened;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.setInputFiles("[data-pick=folder]", join(folder.path, "hostile"));
  await sourcesReady(page, 1);
  await openView(page, "Chat");
  await rowsLoaded(page);
  const rows = page.locator(".row");
  assert.equal(await rows.count(), HOSTILE.length);
  assert.equal(await rows.nth(0).locator(".text").textContent(), HOSTILE[0]);
  assert.equal(await rows.nth(1).locator(".text").textContent(), HOSTILE[1]);
  assert.match((await rows.nth(2).locator(".text").textContent())!, /^\\u202egnirts desrever/);
  assert.equal(await page.locator(".row img, .row script, .row b, .row style").count(), 0);
  assert.equal(await page.title(), "search – chatloom");
  // Letters that pile up stay within their own row.
  const clipped = await rows.nth(3).evaluate((row) => getComputedStyle(row).overflowY);
  assert.equal(clipped, "clip");
  // A click on the name, which is as long as the row, opens the card of the person.
  await rows.nth(0).locator("time").click();
  await page.waitForSelector(".detail");
  assert.equal(await page.locator(".detail img, .detail script").count(), 0);
  assert.match(await page.locator(".detail").innerText(), /<img src=x onerror=alert\(1\)>/);
  assert.deepEqual(asked.filter((url) => !/^(?:file|blob):/.test(url)), []);
  await closePage(opened);
});

test(
  "moderated messages are marked, and events tell what happened",
  { skip: skipPage },
  async () => {
    const archive = memoryStore();
    const order = (
      command: string,
      params: string[],
      tags: Record<string, string>,
      second: number,
    ) => ({
      ...said("", { second, tags }),
      command,
      params: ["#search", ...params],
    });
    await putMessages(archive, "search", [
      said("deleted one", { second: 1 }),
      said("timed out one", { second: 2 }),
      said("\u0001ACTION waves\u0001", { second: 3 }),
      said("Kappa hi", { second: 4, tags: { emotes: "25:0-4", bits: "100", "first-msg": "1" } }),
      order("CLEARMSG", ["deleted one"], { "target-msg-id": "id1", login: "user1" }, 5),
      order("CLEARCHAT", ["user2"], { "ban-duration": "600" }, 6),
      order("USERNOTICE", ["thanks"], {
        "msg-id": "resub",
        "system-msg": "ada resubbed",
        login: "ada",
      }, 7),
      { ...order("JOIN", [], {}, 8), tags: null, time_range: 55, sender: "nymn" },
    ]);
    writeTree(join(folder.path, "marks"), await storeTree(archive));
    const opened = await browser.open({ origin: "file" });
    const { page } = opened;
    await page.setInputFiles("[data-pick=folder]", join(folder.path, "marks"));
    await sourcesReady(page, 1);
    await openView(page, "Chat");
    await rowsLoaded(page);
    await wholeDayRead(page);
    const text = (i: number): Promise<string> => page.locator(".row").nth(i).innerText();
    assert.match(await text(0), /deleted one\s*deleted/);
    assert.match(await text(1), /timed out one\s*timed out 10 minutes/);
    assert.equal(await page.locator(".row .is-action .text").textContent(), "waves");
    assert.match(await text(3), /Kappa hi\s*100 bits\s*first message/);
    assert.equal(await page.locator(".emote-name").textContent(), "Kappa");
    assert.match(await text(5), /user2 was timed out for 10 minutes/);
    assert.match(await text(6), /ada resubbed[^]*thanks/);
    assert.match(await text(7), /nymn joined\s*± 28 s/);
    await closePage(opened);
  },
);

test("keys move through the feed and open details", { skip: skipPage }, async () => {
  // The whole day is read first: hours that a node gives later come in front and move positions.
  const opened = await browser.open({ origin: "file" });
  const { page } = opened;
  await page.setInputFiles("[data-pick=folder]", join(folder.path, "day"));
  await sourcesReady(page, 1);
  await openView(page, "Chat");
  await wholeDayRead(page);
  await rowsLoaded(page);
  await page.locator(".row[tabindex='0']").focus();
  const focused = (): Promise<number> =>
    page.evaluate(() => Number(document.activeElement?.getAttribute("aria-posinset")));
  const from = await focused();
  for (let i = 0; i < 40; i++) await page.keyboard.press("ArrowDown");
  await page.waitForFunction(
    (to) => document.activeElement?.getAttribute("aria-posinset") === `${to}`,
    from + 40,
  );
  await page.keyboard.press("ArrowUp");
  await page.waitForFunction(
    (to) => document.activeElement?.getAttribute("aria-posinset") === `${to}`,
    from + 39,
  );
  await rowsLoaded(page);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".detail");
  await page.keyboard.press("Escape");
  await page.waitForFunction(
    (to) => document.activeElement?.getAttribute("aria-posinset") === `${to}`,
    from + 39,
  );
  await closePage(opened);
});

test("what a node records is followed as it comes", { skip: skipPage }, async () => {
  const live = memoryStore();
  const nowMs = Date.now() - 5_000;
  const line = (text: string, ms: number): Message => ({
    ...said(text),
    params: ["#live", text],
    tags: { "tmi-sent-ts": `${ms}`, id: text },
    time: ms / 1000,
  });
  await putMessages(live, "live", [line("first", nowMs)]);
  const liveNode = await startNode(live);
  const opened = await browser.open({
    origin: liveNode.url as `http://${string}`,
    hash: "#/chat/live",
  });
  try {
    const { page } = opened;
    await page.waitForSelector("text=first");
    await putMessages(live, "live", [line("second", Date.now())]);
    await page.waitForSelector("text=second");
  } finally {
    await opened.page.context().close();
    await liveNode.close();
  }
  assert.deepEqual(opened.complaints, []);
});

test("a node that asks for a token is opened with it", { skip: skipPage }, async () => {
  const token = "let me in, please".replaceAll(" ", "-");
  const locked = await startNode(store, { access: { readers: { kind: "token", token } } });
  const opened = await browser.open({ origin: locked.url as `http://${string}`, hash: "#/chat" });
  try {
    const { page } = opened;
    await page.fill("input[type=password]", "wrong-one");
    await page.click("text=Open");
    await page.waitForSelector("text=The node refused this token");
    await page.fill("input[type=password]", token);
    await page.click("text=Open");
    await rowsLoaded(page);
  } finally {
    await opened.page.context().close();
    await locked.close();
  }
});
