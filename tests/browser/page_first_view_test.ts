import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { AskedAhead } from "../../src/adapters/browser/node/asked_ahead.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { MINUTE_US } from "../../src/core/time.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { storedChat } from "../../src/web/reading/chat_archive.ts";
import { ChatReader, type FoundMinute } from "../../src/web/reading/chat_reader.ts";
import { MinuteCache } from "../../src/web/reading/minute_cache.ts";
import { NO_FILTER } from "../../src/web/reading/filter.ts";
import { pathsAhead } from "../../src/web/start/ahead.ts";
import { askEarly, earlyResponse } from "../../src/adapters/browser/node/early_responses.ts";
import { parseRoute } from "../../src/web/state/route.ts";
import { putMessages, said } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const DAY_US = Date.UTC(2026, 4, 1) * 1_000;
const store = memoryStore();
let browser: PageBrowser | undefined;
let node: HttpListener | undefined;

before(async () => {
  for (const minute of [725, 726, 727]) {
    const time = (DAY_US + minute * MINUTE_US) / 1e6;
    const lines = Array.from({ length: 50 }, (_, i) => ({
      ...said(`line ${minute} ${i}`),
      time: time + i,
      receivers: { "a.AAAAA.0": time + i + 0.5 },
      tags: { "tmi-sent-ts": `${(time + i) * 1_000}`, id: `${minute}-${i}` },
    }));
    await putMessages(store, "early", lines);
  }
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  node = await startNode(store);
});
after(async () => {
  await node?.close();
  await browser?.close();
});

test("a page at a moment asks for its chat beside the channels, and draws what comes with it", {
  skip: skipPage,
}, async () => {
  const opened = await browser!.open({ origin: node!.url as `http://${string}`, hash: "" });
  const { page } = opened;
  const starts: (string | null)[] = [];
  let tellAsked = (): void => {};
  const chatAsked = new Promise<void>((resolve) => tellAsked = resolve);
  const address = `${node!.url}/`;
  await page.route("**/files", async (route) => {
    await chatAsked; // A page that waits for the channels never gets here.
    await route.continue();
  });
  await page.route("**/chat.ndjson?*", async (route) => {
    starts.push(new URL(route.request().url()).searchParams.get("start"));
    tellAsked();
    await route.continue();
  });
  await page.goto("about:blank");
  await page.goto(`${address}#/chat/early/2026-05-01T12:05:00.000Z`);
  await page.waitForSelector(".row:has-text('line 725 3')");
  await page.waitForSelector("text=150 messages");
  const first = "2026-05-01T12:05:00.000Z";
  assert.equal(starts[0], first);
  assert.equal(starts.lastIndexOf(first), 0, "the response is used, not asked for again");
  await closePage(opened);
});

test("what is read first comes with its messages", async () => {
  const reader = new ChatReader(storedChat(store, nodeHasher()));
  const found: FoundMinute[] = [];
  const filter = { ...NO_FILTER, text: "7" };
  await reader.read(
    {
      channel: "early",
      filter,
      fromUs: DAY_US,
      untilUs: DAY_US + 1_440 * MINUTE_US,
      screenful: 60,
    },
    {
      signal: new AbortController().signal,
      onProgress: (minutes) => void found.push(...minutes),
    },
  );
  const texts = found.map(({ messages }) => messages?.map(({ params }) => params[1]));
  assert.deepEqual(texts.map((each) => each?.length), [50, 10, undefined]);
  assert.equal(texts[1]![9], "line 726 9");
});

test("the address tells what is read first, where a search does not decide it", () => {
  const of = (hash: string) => pathsAhead(parseRoute(hash));
  const minutes = "forsen/chat.ndjson?" +
    new URLSearchParams({ start: "2026-05-01T12:59:00.000Z", end: "2026-05-01T13:00:00.000Z" });
  assert.deepEqual(of("#/chat/forsen/2026-05-01T12:59:30.000Z"), [
    "files",
    "files/forsen/chat",
    minutes,
  ]);
  for (const hash of ["#/chat/forsen", "#/chat/forsen/2026-05-01T12:59:30.000Z?user=a"]) {
    assert.deepEqual(of(hash), ["files", "files/forsen/chat"]);
  }
  assert.deepEqual(of("#/"), ["files"]);
});

test("what one thread asked for early comes to the other: heads, bytes, refusals and failures", async () => {
  const served = createServer((request, response) => {
    const isRefused = request.headers.authorization !== "Bearer open sesame";
    response.writeHead(isRefused ? 403 : 200, { "content-type": "text/plain" });
    response.end(request.url);
  });
  await new Promise<void>((resolve) => served.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(served.address() as AddressInfo).port}/`;
  const { signal } = new AbortController();
  const told = await earlyResponse(askEarly("a?b=c", { url, token: "open sesame" }), signal);
  assert.deepEqual([told.status, told.headers.get("content-type")], [200, "text/plain"]);
  assert.equal(await told.text(), "/a?b=c");
  assert.equal((await earlyResponse(askEarly("a", { url, token: undefined }), signal)).status, 403);
  const stopped = new AbortController();
  const unheard = earlyResponse(askEarly("a", { url, token: undefined }), stopped.signal);
  stopped.abort();
  await assert.rejects(unheard, { name: "AbortError" });
  served.closeAllConnections();
  await new Promise((resolve) => served.close(resolve));
  await assert.rejects(earlyResponse(askEarly("a", { url, token: undefined }), signal), {
    code: "CONNECTION_LOST",
  });
});

test("a response that was asked for ahead has one taker, who can stop it", async () => {
  const ahead = new AskedAhead();
  const signals = new Map<string, AbortSignal>();
  const ask = (path: string) =>
    ahead.ask(path, (signal) => {
      signals.set(path, signal);
      return Promise.resolve(new Response(path));
    });
  ask("a");
  ask("b");
  const taker = new AbortController();
  assert.equal(await (await ahead.take("a", taker.signal))!.text(), "a");
  assert.equal(ahead.take("a", taker.signal), undefined);
  ahead.drop();
  assert.equal(ahead.take("b", taker.signal), undefined);
  assert.deepEqual([signals.get("a")!.aborted, signals.get("b")!.aborted], [false, true]);
  taker.abort();
  assert.equal(signals.get("a")!.aborted, true);
});

test("MinuteCache splits what is shown, forgets what changed, and holds no more than it may", () => {
  const cache = new MinuteCache();
  const batch = (text: string, bytes: number) =>
    new TextEncoder().encode(`${JSON.stringify(text.padEnd(bytes))}\n`);
  cache.keep("a", 1, batch("one", 10));
  assert.deepEqual(cache.lines("a", 1), [JSON.stringify("one".padEnd(10))]);
  assert.equal(cache.lines("a", 1), cache.lines("a", 1), "a minute is split once");
  cache.keep("a", 1, batch("other", 10));
  assert.deepEqual(cache.lines("a", 1), [JSON.stringify("other".padEnd(10))]);
  assert.equal(cache.lines("b", 1), undefined);
  const MB = 1_000_000;
  for (let minute = 2; minute < 40; minute++) {
    cache.keep("a", minute, batch("much", MB));
    assert.equal(cache.lines("a", minute)!.length, 1);
  }
  const kept = Array.from({ length: 40 }, (_, i) => i).filter((i) => cache.bytes("a", i));
  assert.ok(kept.length > 25 && kept.length < 34, `${kept.length} minutes of 1 MB are kept`);
  assert.equal(cache.lines("a", 2), undefined, "what is evicted is not held as text either");
});
