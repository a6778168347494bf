import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import type { Message } from "../../src/core/batch/message.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { meetsFilter } from "../../src/core/text/message_filter.ts";
import { plainFilter } from "../../src/web/reading/filter.ts";
import { personFacts, personOf } from "../../src/web/reading/person_facts.ts";
import { formatRoute, parseRoute } from "../../src/web/state/route.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { seriousOf } from "./page/axe.ts";
import { openView, sourcesReady } from "./page/page_actions.ts";
import { lineAt, putMessages, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const folder = tempFolder();
let browser: PageBrowser;
let store: BatchStore;
let node: HttpListener;

/** A line of a day of 2026. */
function line(day: number, login: string, text: string, more: Partial<Message> = {}): Message {
  const tags = { "user-id": "7", ...more.tags };
  return lineAt(Date.UTC(2026, 4, 1 + day, 12) / 1_000, { login, text, ...more, tags });
}

const TIMEOUT = line(20, "", "ada", {
  command: "CLEARCHAT",
  params: ["#search", "ada"],
  sender: "tmi.twitch.tv",
  user: null,
  tags: { "user-id": "", "target-user-id": "7", "ban-duration": "600", id: "" },
});
// Ada was Lovelace before; on day 40 another took the name of then.
const CHAT = [
  [line(0, "lovelace", "an old line")],
  [line(20, "ada", "a rude line"), { ...TIMEOUT, time: TIMEOUT.time + 5 }],
  [line(30, "ada", "a new line"), line(30, "bob", "a greeting", { tags: { "user-id": "8" } })],
  [line(40, "ada", "of a stranger", { tags: { "user-id": "9" } })],
];

before(async () => {
  store = memoryStore();
  for (const minute of CHAT) await putMessages(store, "search", minute);
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

test("personFacts follows an id over names, and finds what a timeout removed", () => {
  const person = personOf(CHAT[2]![0]!, "ada");
  assert.equal(person, "id:7,ada");
  assert.equal(personOf(TIMEOUT, "ada"), "id:7,ada");
  const filter = plainFilter({ text: "", isRegex: false, user: person, command: "" });
  const lines = CHAT.flat().reverse().filter((message) => meetsFilter(message, filter));
  const { names, actions, lines: count, firstUs, lastUs } = personFacts(lines);
  assert.equal(count, 3);
  assert.deepEqual(names.map(({ login }) => login), ["ada", "lovelace"]);
  assert.deepEqual([firstUs, lastUs], [CHAT[0]![0]!.time * 1e6, CHAT[2]![0]!.time * 1e6]);
  assert.deepEqual(actions.map(({ removed }) => removed.map(({ params }) => params[1])), [
    ["a rude line"],
  ]);
});

test("the address of a person comes back as it was written", () => {
  const hash = formatRoute(parseRoute("#/person/search/id%3A7%2Cada"));
  assert.equal(hash, "#/person/search/id%3A7%2Cada");
  assert.equal(parseRoute(hash).filter.user, "id:7,ada");
  assert.equal(parseRoute("#/person/search").view, "home");
});

for (const source of ["dropped", "node"] as const) {
  test(`a name leads to the person, with renames and what was removed: ${source}`, {
    skip: skipPage,
  }, async () => {
    const hash = "#/chat/search/2026-05-31T12:00:00.000Z";
    const isNode = source === "node";
    const opened = await browser.open(
      isNode ? { origin: node.url as `http://${string}`, hash } : { origin: "file" },
    );
    const { page } = opened;
    if (!isNode) {
      await page.setInputFiles("[data-pick=folder]", join(folder.path, "days"));
      await sourcesReady(page, 1);
      await openView(page, "Chat");
      await page.evaluate((hash) => void (location.hash = hash), hash);
    }
    await page.click(".row:has-text('a new line') .name");
    await page.click(".person-card >> text='All their lines'");
    await page.waitForSelector("text=3 lines in all of this time");
    assert.match(page.url(), /#\/person\/search\/id%3A7%2Cada$/);
    assert.equal(await page.locator(".person h1").innerText(), "ada in search");
    assert.deepEqual(await page.locator(".hits .text").allInnerTexts(), [
      "a new line",
      "a rude line",
      "an old line",
    ]);
    assert.equal(await page.locator(".is-removed .text").innerText(), "a rude line");
    const facts = await page.locator(".person-facts").innerText();
    assert.match(facts, /First seen\s+2026-05-01 12:00\s+Last seen\s+2026-05-31 12:00/);
    // Which names a person had before, a node does not tell.
    assert.equal(facts.includes("lovelace, 2026-05-01 to 2026-05-01"), !isNode);
    await page.setViewportSize({ width: 390, height: 780 });
    await page.click(".export-menu > summary");
    const box = (await page.locator(".export-panel").boundingBox())!;
    assert.ok(box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
    assert.deepEqual(await seriousOf(page), []);
    await closePage(opened);
  });
}

test("a node that tells names shows them on the card, and searches all of a user's", {
  skip: skipPage,
}, async () => {
  const open = await startNode(store, { logs: { nameHistory: true } });
  const hash = "#/chat/search/2026-05-31T12:00:00.000Z";
  const opened = await browser.open({ origin: open.url as `http://${string}`, hash });
  const { page } = opened;
  await page.click(".row:has-text('a new line') .name");
  await page.waitForSelector(".person-card >> text='lovelace'");
  assert.match(
    await page.locator(".person-card .person-facts").innerText(),
    /Names\s+ada, 2026-05-\d+ to 2026-05-31\s+lovelace, 2026-05-01 to 2026-05-01/,
  );
  await page.evaluate(() => location.hash = "#/search/search?user=Lovelace");
  await page.waitForSelector(
    "text=Searched under all names of the user of lovelace: ada, lovelace.",
  );
  await page.waitForSelector(".search-status >> text='4 found'");
  assert.deepEqual(await page.locator(".hits .text").allInnerTexts(), [
    "a new line",
    "a rude line",
    "an old line",
  ]);
  await page.click("text='Only lovelace'");
  await page.waitForSelector(".search-status >> text='1 found'");
  assert.deepEqual(await page.locator(".hits .text").allInnerTexts(), ["an old line"]);
  await closePage(opened);
  await open.close();
});
