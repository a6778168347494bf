import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { minuteOf } from "../../src/core/time.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import {
  fieldHolds,
  openView,
  rowsLoaded,
  sourcesReady,
  wholeDayRead,
} from "./page/page_actions.ts";
import { putMessages, said, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, type OpenPage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const folder = tempFolder();
let browser: PageBrowser;

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
});
after(async () => {
  await browser?.close();
  folder.close();
});

function saidAt(iso: string, text: string, tags: Record<string, string> = {}): Message {
  const ms = Date.parse(iso);
  const message = said(text, { tags: { "tmi-sent-ts": `${ms}`, id: `id-${text}`, ...tags } });
  return { ...message, time: ms / 1000, receivers: { "a.AAAAA.0": ms / 1000 + 0.5 } };
}

/** Stores messages in order of time, a batch for each minute. */
async function storeOf(messages: readonly Message[]): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore();
  const minutes = new Map<number, Message[]>();
  for (const message of messages) {
    const minuteUs = minuteOf(message.time * 1e6);
    minutes.set(minuteUs, [...minutes.get(minuteUs) ?? [], message]);
  }
  for (const group of minutes.values()) await putMessages(store, "search", group);
  return store;
}

/** Opens the chat of these messages from files. */
async function openChat(
  name: string,
  messages: readonly Message[],
  { hash = "", ...context }: Parameters<PageBrowser["open"]>[0] = {},
): Promise<OpenPage> {
  writeTree(join(folder.path, name), await storeTree(await storeOf(messages)));
  const opened = await browser.open({ origin: "file", ...context });
  await opened.page.setInputFiles("[data-pick=folder]", join(folder.path, name));
  await sourcesReady(opened.page, 1);
  if (hash === "") await openView(opened.page, "Chat");
  else await opened.page.evaluate((hash) => location.hash = hash, hash);
  await rowsLoaded(opened.page);
  return opened;
}

// Berlin's clocks go back on 25 October 2026 and forward on 29 March.
for (
  const [day, hours, [first, last]] of [
    ["2026-10-25", 25, ["2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"]],
    ["2026-03-29", 23, ["2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"]],
    ["2026-08-02", 24, ["2026-08-01T22:00:00Z", "2026-08-02T21:59:59Z"]],
  ] as const
) {
  test(`a local day of ${hours} hours is whole in chat and timeline`, {
    skip: skipPage,
  }, async () => {
    const [firstMs, lastMs] = [Date.parse(first), Date.parse(last)];
    const opened = await openChat(`local ${day}`, [
      saidAt(new Date(firstMs - 1000).toISOString(), "before"),
      saidAt(first, "first"),
      saidAt(last, "last"),
      saidAt(new Date(lastMs + 1000).toISOString(), "after"),
    ], {
      timezoneId: "Europe/Berlin",
      hash: `#/chat/search/${new Date(lastMs).toISOString()}`,
    });
    const { page } = opened;
    await page.click(".tools >> text=UTC");
    await page.waitForFunction((day) => document.querySelector(".day")?.textContent === day, day);
    await wholeDayRead(page);
    await rowsLoaded(page);
    assert.deepEqual(await page.locator(".row .text").allTextContents(), ["first", "last"]);
    assert.deepEqual(await page.locator(".row time").allTextContents(), ["00:00:00", "23:59:59"]);
    assert.match(await page.locator(".tools").innerText(), /Local, UTC\+[12]/);
    // The field jumps by the same clock as that of the rows.
    await page.fill(".jump input", "23:59");
    await page.press(".jump input", "Enter");
    const wanted = new Date(lastMs - 59_000).toISOString().slice(0, 16);
    await page.waitForFunction((wanted) => location.hash.includes(wanted), wanted);
    await page.fill(".jump input", "25:00");
    await page.press(".jump input", "Enter");
    await page.waitForSelector(".jump input[aria-invalid=true]");
    await openView(page, "Timeline");
    await page.waitForFunction(
      (day) => document.querySelector(".span")?.textContent?.startsWith(`${day} 00:00 to `),
      day,
    );
    await page.waitForFunction(() => document.querySelector("dd")?.textContent === "2");
    await closePage(opened);
  });
}

test("a linked message is marked, in the middle, and stays in the address", {
  skip: skipPage,
}, async () => {
  const messages = Array.from({ length: 300 }, (_, i) => {
    const second = `${Math.floor(i / 5)}`.padStart(2, "0");
    return saidAt(`2026-08-02T12:00:${second}.000Z`, `text${i}`); // Five in each millisecond.
  });
  const store = await storeOf(messages);
  const node = await startNode(store);
  try {
    const writer = await browser.open({
      origin: node.url as `http://${string}`,
      hash: "#/chat/search/2026-08-02T12:00:30.000Z",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await rowsLoaded(writer.page);
    await writer.page.locator(".row", { hasText: "text153" }).click();
    await writer.page.click("text=Copy link");
    const link = await writer.page.evaluate(() => navigator.clipboard.readText());
    assert.match(link, /#\/chat\/search\/2026-08-02T12:00:30\.000Z\?id=id-text153$/);
    await closePage(writer);

    const reader = await browser.open({
      origin: node.url as `http://${string}`,
      hash: new URL(link).hash,
    });
    const { page } = reader;
    await page.waitForSelector(".row.is-linked");
    await page.locator(".row.is-linked", { hasText: "text153" }).waitFor();
    assert.equal(await page.locator("[aria-current=true]").count(), 1);
    await page.waitForFunction(() => {
      const [row, list] = [".row.is-linked", ".chat-scroll"].map((selector) =>
        document.querySelector(selector)!.getBoundingClientRect()
      );
      const middle = (row!.y - list!.y) / list!.height;
      return middle > 0.3 && middle < 0.7;
    });
    await page.locator(".chat-scroll").evaluate((list) => list.scrollTop += 300);
    await page.waitForTimeout(600); // Longer than scrolling takes to rest.
    assert.equal(page.url(), link);
    await page.reload();
    await page.waitForSelector(".row.is-linked");
    await closePage(reader);
  } finally {
    await node.close();
  }
});

test("Back undoes a search, however many letters it took", { skip: skipPage }, async () => {
  const opened = await openChat("search", [
    saidAt("2026-08-02T12:00:01Z", "alpha"),
    saidAt("2026-08-02T12:00:02Z", "beta"),
  ]);
  const { page } = opened;
  const before = page.url();
  await page.locator("[aria-label='Search text']").click();
  for (const text of ["a", "al", "alp"]) {
    await page.fill("[aria-label='Search text']", text);
    await page.waitForFunction((text) => location.hash.endsWith(`text=${text}`), text);
  }
  await page.goBack();
  await page.waitForURL(before);
  await fieldHolds(page, "Search text", "");
  await closePage(opened);
});

test("actions and control characters read the same in every kind of line", {
  skip: skipPage,
}, async () => {
  const action = "\u0001ACTION runs\u0007\u0001";
  const opened = await openChat("actions", [
    saidAt("2026-08-02T12:00:01Z", action, { id: "one" }),
    saidAt("2026-08-02T12:00:02Z", "reply", {
      "reply-parent-msg-body": action,
      "reply-parent-display-name": "ada",
    }),
    {
      ...saidAt("2026-08-02T12:00:03Z", "x", { login: "ada", "target-msg-id": "one" }),
      command: "CLEARMSG",
      params: ["#search", action],
    },
    {
      ...saidAt("2026-08-02T12:00:04Z", "y"),
      command: "CLEARCHAT",
      params: ["#search", "ada"],
      tags: { "ban-duration": "1209600", "tmi-sent-ts": `${Date.UTC(2026, 7, 2, 12, 0, 4)}` },
    },
  ]);
  const { page } = opened;
  const text = (await page.locator(".row").allInnerTexts()).join("\n");
  assert.ok(!text.includes("ACTION"), text);
  assert.equal(text.split("runs\\u0007").length - 1, 3, text);
  assert.match(text, /ada was timed out for 2 weeks/);
  await closePage(opened);
});

test("a reply leads to its thread and back, and one filter shows all moderation", {
  skip: skipPage,
}, async () => {
  const reply = (iso: string, text: string) =>
    saidAt(iso, text, {
      "reply-parent-msg-id": "id-one",
      "reply-thread-parent-msg-id": "id-root",
      "reply-parent-msg-body": "before it",
      "reply-parent-user-login": "ada",
    });
  const opened = await openChat("threads", [
    saidAt("2026-08-02T12:00:01Z", "root"),
    saidAt("2026-08-02T12:00:02Z", "aside"),
    reply("2026-08-02T12:00:03Z", "one"),
    reply("2026-08-02T13:00:04Z", "two"),
    { ...saidAt("2026-08-02T13:00:05Z", "x"), command: "CLEARCHAT", params: ["#search", "ada"] },
    { ...saidAt("2026-08-02T13:00:06Z", "y"), command: "CLEARMSG", params: ["#search", "y"] },
  ]);
  const { page } = opened;
  const texts = () => page.locator(".row .text").allTextContents();
  await wholeDayRead(page);
  await page.click(".reply-text >> nth=0");
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 3);
  await rowsLoaded(page);
  assert.deepEqual(await texts(), ["root", "one", "two"]);
  assert.match(page.url(), /thread=id-root/);
  await page.click("text=Leave the thread");
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 6);
  await page.selectOption("select[aria-label=Kind]", { label: "All moderation" });
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 2);
  await closePage(opened);
});

test("a thread over midnight tells the day where another begins, in UTC and local time", {
  skip: skipPage,
}, async () => {
  const reply = (iso: string, text: string) =>
    saidAt(iso, text, {
      "reply-parent-msg-id": "id-root",
      "reply-thread-parent-msg-id": "id-root",
      "reply-parent-msg-body": "root",
      "reply-parent-user-login": "ada",
    });
  const opened = await openChat("midnight", [
    saidAt("2026-08-02T23:58:00Z", "root"),
    reply("2026-08-02T23:59:00Z", "one"),
    reply("2026-08-03T00:01:00Z", "two"),
    reply("2026-08-03T06:59:00Z", "three"),
    reply("2026-08-03T07:01:00Z", "four"),
  ], { timezoneId: "America/Los_Angeles" });
  const { page } = opened;
  const days = (expected: readonly string[]) =>
    page.waitForFunction((expected) => {
      const rows = [...document.querySelectorAll(".row:not([aria-busy])")];
      const days = rows.flatMap((row) => {
        const day = row.querySelector(".row-day")?.textContent;
        return day === undefined ? [] : [`${day} ${row.querySelector(".text")?.textContent}`];
      });
      return rows.length === 5 && `${days}` === `${expected}`;
    }, expected);
  await page.click(".reply-text >> nth=0");
  await days(["2026-08-03 two"]);
  await page.click(".tools >> text=UTC");
  await days(["2026-08-03 four"]);
  await page.click(".tools >> text=Local");
  await days(["2026-08-03 two"]);
  // The bar tells the day of the reply that the link leads to, and the first row is of the day before.
  const link = "#/chat/search/2026-08-03T00:01:00.000Z";
  await page.evaluate((hash) => location.hash = hash, link);
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 3);
  await page.evaluate((hash) => location.hash = hash, `${link}?thread=id-root`);
  await days(["2026-08-02 root", "2026-08-03 two"]);
  await closePage(opened);
});

test("only messages that fewer receivers saw than others are noted", {
  skip: skipPage,
}, async () => {
  const both = { "a.AAAAA.0": 1_785_672_001.5, "b.BBBBB.0": 1_785_672_001.6 };
  const opened = await openChat("fewer", [
    { ...saidAt("2026-08-02T12:00:01Z", "seen by both"), receivers: both },
    saidAt("2026-08-02T12:00:02Z", "seen by one"),
  ]);
  const { page } = opened;
  assert.deepEqual(await page.locator(".note.is-heard").allTextContents(), ["1 of 2"]);
  assert.match(
    await page.locator(".row", { hasText: "seen by one" }).innerText(),
    /1 of 2/,
  );
  await closePage(opened);
});

test("a locked node asks for its token on every view, once a visit", {
  skip: skipPage,
}, async () => {
  const token = "let-me-in-please";
  const store = await storeOf([saidAt("2026-08-02T12:00:01Z", "secret")]);
  const node = await startNode(store, { access: { readers: { kind: "token", token } } });
  try {
    const opened = await browser.open({ origin: node.url as `http://${string}` });
    const { page } = opened;
    await page.waitForSelector("text=This node asks for a token");
    await page.fill("input[type=password]", token);
    await page.click("text=Open");
    await page.waitForSelector("input[type=password]", { state: "detached" });
    await openView(page, "Chat");
    await page.waitForSelector("text=secret");
    await page.reload();
    await page.waitForSelector("text=secret");
    assert.ok(!page.url().includes(token));
    await page.context().close();
  } finally {
    await node.close();
  }
});

test("links can be opened, and open no other site than the one they name", {
  skip: skipPage,
}, async () => {
  const opened = await openChat("links", [
    saidAt("2026-08-02T12:00:01Z", "see https://example.org/a?b=1&c=(2). then"),
    saidAt("2026-08-02T12:00:02Z", "javascript:alert(1) http:// https://user\u202e.test/x"),
    saidAt("2026-08-02T12:00:03Z", "http://[::1 https://"),
  ]);
  const { page } = opened;
  const links = await page.locator(".row a").evaluateAll((all) =>
    all.map((a) => ({
      text: a.textContent,
      href: (a as HTMLAnchorElement).href,
      rel: (a as HTMLAnchorElement).rel,
    }))
  );
  assert.deepEqual(links.map(({ href }) => href), [
    "https://example.org/a?b=1&c=(2",
  ]);
  assert.ok(links.every(({ rel }) => rel.includes("noreferrer") && rel.includes("noopener")));
  assert.match(await page.locator(".row").nth(0).innerText(), /\(2\)\. then/);
  await closePage(opened);
});

test("selected rows are copied as lines of text with their times", {
  skip: skipPage,
}, async () => {
  const opened = await openChat("copied", [
    saidAt("2026-08-02T12:00:01Z", "one"),
    saidAt("2026-08-02T12:00:02Z", "\u0001ACTION two\u0001"),
  ]);
  const { page } = opened;
  const copied = await page.evaluate(() => {
    const rows = document.querySelectorAll(".row");
    getSelection()!.setBaseAndExtent(rows[0]!, 0, rows[1]!, rows[1]!.childNodes.length);
    const event = new ClipboardEvent("copy", {
      clipboardData: new DataTransfer(),
      bubbles: true,
      cancelable: true,
    });
    rows[0]!.dispatchEvent(event);
    return event.clipboardData!.getData("text/plain");
  });
  assert.equal(
    copied,
    "[2026-08-02T12:00:01.000Z] <user0> one\n[2026-08-02T12:00:02.000Z] * user0 two\n",
  );
  await closePage(opened);
});
