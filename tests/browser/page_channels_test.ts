import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { rowsLoaded } from "./page/page_actions.ts";
import { putMessages, said } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const CHANNELS = 1_000;
let browser: PageBrowser;
let node: HttpListener;

const nameOf = (i: number): string => `channel${String(i).padStart(4, "0")}`;

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  const store = memoryStore();
  for (let i = 0; i < CHANNELS; i++) {
    await putMessages(store, nameOf(i), [said(`hello from ${nameOf(i)}`)]);
  }
  node = await startNode(store);
});
after(async () => {
  await node?.close();
  await browser?.close();
});

test(
  "a node opens on its channels, with what was said last; one of a thousand is found by typing",
  {
    skip: skipPage,
  },
  async () => {
    const opened = await browser.open({ origin: node.url as `http://${string}` });
    const { page } = opened;
    await page.waitForSelector("text=1,000 channels");
    await page.waitForSelector(`text=hello from ${nameOf(49)}`);
    assert.equal(await page.locator(".home-channels li").count(), 50);
    assert.equal(await page.locator("nav [aria-current=page]").innerText(), "Channels");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.fill("[aria-label='Find a channel']", "#CHANNEL099");
    await page.waitForSelector("text=10 of 1,000 channels");
    await page.waitForSelector(`text=hello from ${nameOf(999)}`);
    assert.deepEqual(asked, ["/overview.json"]);
    await page.press("[aria-label='Find a channel']", "Enter");
    await page.waitForSelector(".row .text");
    assert.equal(await page.locator(".row .text").innerText(), `hello from ${nameOf(990)}`);
    await page.goBack();
    await page.waitForSelector("text=1,000 channels");
    await closePage(opened);
  },
);

test("a channel of a thousand is found by typing, and only its hours are asked for", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open({ origin: node.url as `http://${string}` });
  const { page } = opened;
  const listings: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/files\/[^/]+\/chat$/.test(pathname)) listings.push(pathname);
  });
  await page.goto(`${node.url}/#/chat`);
  await page.waitForSelector(`text=hello from ${nameOf(0)}`);
  const field = page.locator(".channel-typed input");
  await field.fill("0777");
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.deepEqual(
    await page.locator("datalist option").evaluateAll((options) =>
      options.map((option) => (option as HTMLOptionElement).value)
    ),
    [nameOf(777)],
  );
  await field.fill(`#${nameOf(777).toUpperCase()}`);
  await field.press("Enter");
  await page.waitForSelector(`text=hello from ${nameOf(777)}`);
  await rowsLoaded(page);
  assert.match(page.url(), /#\/chat\/channel0777/);
  assert.deepEqual([...new Set(listings)], [0, 777].map((i) => `/files/${nameOf(i)}/chat`));
  await closePage(opened);
});

test("a moment in the address is read before the hours of its channel are known", {
  skip: skipPage,
}, async () => {
  const store = memoryStore();
  await putMessages(store, "search", [said("hello")]);
  const own = await startNode(store);
  const context = await browser.browser.newContext();
  const page = await context.newPage();
  const asked: string[] = [];
  const answers = Promise.withResolvers<void>();
  await page.route(/\/files/, async (route) => {
    const { pathname } = new URL(route.request().url());
    asked.push(pathname);
    if (pathname === "/files/search/chat") await answers.promise;
    await route.continue();
  });
  await page.goto(`${own.url}/#/chat/search/2026-08-02T12:00:00.000Z`);
  await page.waitForSelector(".row .speech");
  answers.resolve();
  await page.waitForFunction(() => document.title.includes("search"));
  assert.deepEqual(asked, ["/files", "/files/search/chat"]);
  await context.close();
  await own.close();
});
