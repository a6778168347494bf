import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { httpPeer } from "../../src/adapters/http_peer/http_peer.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { mergeToZip, sourcesReady } from "./page/page_actions.ts";
import { putMessages, said, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const REPLY = { "reply-parent-msg-body": "hello", "reply-parent-display-name": "user0" };
let browser: PageBrowser;
let node: HttpListener;
let other: HttpListener;

const CHAT = [
  said("hello", { tags: { badges: "moderator/1", "first-msg": "1", bits: "5" } }),
  said("hallo", { second: 1, tags: REPLY }),
  { ...said("user1", { second: 2, tags: { "ban-duration": "600" } }), command: "CLEARCHAT" },
  { ...said("", { second: 3, tags: { slow: "5", r9k: "1" } }), command: "ROOMSTATE" },
  { ...said("hello", { second: 4, tags: { login: "user0" } }), command: "CLEARMSG" },
  { ...said("", { second: 5, tags: { "msg-id": "announcement" } }), command: "USERNOTICE" },
  { ...said("later", { second: 6 }), time_range: 2 },
];
const folder = tempFolder();

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  const store = memoryStore();
  await putMessages(store, "search", CHAT);
  const elsewhere = memoryStore();
  await putMessages(elsewhere, "search", [...CHAT, said("elsewhere", { second: 7 })]);
  other = await startNode(elsewhere, { html: "" });
  node = await startNode(store, { peers: () => [httpPeer(other.url)] });
  for (const [name, texts] of [["one", ["a", "b"]], ["two", ["b", "c"]]] as const) {
    const part = memoryStore();
    await putMessages(part, "search", texts.map((text, second) => said(text, { second })));
    writeTree(join(folder.path, name), await storeTree(part));
  }
});
after(async () => {
  await node?.close();
  await other?.close();
  await browser?.close();
  folder.close();
});

test("the page speaks the browser's language, or the one that its reader chooses", {
  skip: skipPage,
}, async () => {
  const origin = node.url as `http://${string}`;
  const opened = await browser.open({ origin, locale: "de-AT" });
  const { page } = opened;
  const lang = (): Promise<string> => page.evaluate(() => document.documentElement.lang);
  await page.locator("h1", { hasText: "Kanäle" }).waitFor();
  await page.locator("[role=status]", { hasText: "1 Kanal" }).waitFor();
  assert.equal(await lang(), "de");
  await page.getByRole("button", { name: "zu English wechseln" }).click();
  await page.locator("h1", { hasText: "Channels" }).waitFor();
  assert.equal(await lang(), "en");
  await page.reload();
  await page.locator("h1", { hasText: "Channels" }).waitFor();
  await page.getByRole("button", { name: "from English to Deutsch" }).click();
  await page.locator("h1", { hasText: "Kanäle" }).waitFor();
  await closePage(opened);
  // A browser of a language that the page lacks takes the next of its languages.
  const other = await browser.open({ origin, locale: "fi" });
  await other.page.locator("h1", { hasText: "Channels" }).waitFor();
  await closePage(other);
});

/**
 * Texts on the screen, or read aloud, that stand in no brackets, but for what is chat, names, codes and times.
 * A text of a view itself has words outside of them.
 */
async function foreignTexts(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const inBrackets = /⟦[^⟦⟧]*⟧/g;
    // Names of this test, the program's own, units, a day's and month's name of the browser's Intl.
    const names =
      /\b(search|chatloom|user\d|one|two|UTC|k?B|ms|s|min|[A-Z][a-z]{2}|Deutsch|English|[A-Z]{4,}|EN|DE)\b/g;
    const left = (text: string): string => {
      let rest = text;
      while (inBrackets.test(rest)) rest = rest.replace(inBrackets, "");
      return rest.replace(names, "");
    };
    const found: string[] = [];
    const data =
      "bdi, code, time, .peer-name, .fields dt, .strip, .badge, option[value=search], script, noscript, style";
    const look = (text: string | null, where: string): void => {
      if (/\p{L}{2}/u.test(left(text ?? ""))) found.push(`${where}: ${text}`);
    };
    for (const element of document.body.querySelectorAll("*")) {
      if (element.closest(data) !== null) continue;
      for (const name of ["aria-label", "title", "placeholder", "alt", "aria-description"]) {
        look(element.getAttribute(name), `${element.className} ${name}`);
      }
      for (const child of element.childNodes) {
        if (child.nodeType === Node.TEXT_NODE) look(child.textContent, `${element.className}`);
      }
    }
    return found;
  });
}

test("no view has a text of its own: all stand in the catalogue", { skip: skipPage }, async () => {
  const opened = await browser.open({ origin: node.url as `http://${string}` });
  const { page } = opened;
  await page.evaluate(() => localStorage.setItem("chatloom.language", "en-XA"));
  await page.reload();
  const found: string[] = [];
  const look = async (hash: string, selector: string): Promise<void> => {
    await page.evaluate((hash) => location.hash = hash, hash);
    await page.waitForSelector(selector);
    found.push(...(await foreignTexts(page)).map((text) => `${hash}: ${text}`));
  };
  await look("#/", ".home li .home-last");
  await look("#/calendar/search", ".calendar .cal-day");
  await look(`#/calendar/search?${new URLSearchParams({ peer: other.url })}`, ".compared-hour");
  await look("#/calendar/search?peer=none", ".peer-compare [role=alert]");
  await look("#/timeline/search", ".receiver-rows li");
  await look("#/chat/search/2026-08-02T12:00:00Z", ".row .note");
  await page.click(".row .speech");
  await look("#/chat/search/2026-08-02T12:00:00Z", ".detail dl");
  await page.getByRole("button", { name: "⟦Person⟧" }).click();
  await look("#/chat/search/2026-08-02T12:00:00Z", ".person-card .hit, .person-card .histogram");
  await look("#/chat/search/2026-08-02?user=none", ".empty .primary");
  await look("#/search/search", ".search-body .empty");
  await look("#/search/search?text=hello", ".hit");
  await page.click(".export-menu summary");
  await look("#/search/search?text=hello", ".export-panel .quiet");
  await look("#/person/search/user1", ".hit");
  await look("#/archives", ".drop-zone");
  for (const name of ["one", "two"]) {
    await page.setInputFiles("[data-pick=folder]", join(folder.path, name));
  }
  await sourcesReady(page, 2);
  await look("#/archives", ".compare");
  await mergeToZip(page);
  await look("#/archives", ".result .good");
  assert.deepEqual(found, []);
  // What it looks for is found: a text that stands in no catalogue.
  await page.evaluate(() => document.querySelector("h1")!.append(" written here"));
  assert.equal((await foreignTexts(page)).length, 1);
  await closePage(opened);
});

test("German fits a phone: nothing is cut, and nothing scrolls sideways", {
  skip: skipPage,
}, async () => {
  const viewport = { width: 390, height: 780 };
  const origin = node.url as `http://${string}`;
  const opened = await browser.open({ origin, viewport, locale: "de-DE" });
  const { page } = opened;
  const views = [
    ["#/", ".home li .home-last"],
    ["#/calendar/search", ".calendar .cal-day"],
    [`#/calendar/search?${new URLSearchParams({ peer: other.url })}`, ".compared-hour"],
    ["#/timeline/search", ".receiver-rows li"],
    ["#/chat/search/2026-08-02T12:00:00Z", ".row .note"],
    ["#/search/search?text=hello", ".hit"],
    ["#/person/search/user1", ".hit"],
    ["#/archives", ".drop-zone"],
  ] as const;
  for (const [hash, selector] of views) {
    await page.evaluate((hash) => location.hash = hash, hash);
    await page.waitForSelector(selector);
    const cut = await page.evaluate(() => {
      const root = document.documentElement;
      const wide = root.scrollWidth > root.clientWidth ? [`page by ${root.scrollWidth}`] : [];
      const narrow = [...document.querySelectorAll(".top nav, .tools, button, select, summary, h1")]
        .filter((each) => !each.matches(".visually-hidden, .cal-day, .histogram-bar"))
        .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
        .map((each) => `${each.className || each.tagName}: ${each.textContent}`);
      return [...wide, ...narrow];
    });
    assert.deepEqual(cut, [], hash);
  }
  await closePage(opened);
});
