import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { encodeBatch } from "../../src/core/batch/batch.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { HOUR_US, MINUTE_US } from "../../src/core/time.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { DayChat } from "../../src/web/chat/day_chat.ts";
import { Marks } from "../../src/web/chat/message/marks.ts";
import { type ChatArchive, storedChat } from "../../src/web/reading/chat_archive.ts";
import { ChatReader, type FoundMinute } from "../../src/web/reading/chat_reader.ts";
import { type Filter, NO_FILTER } from "../../src/web/reading/filter.ts";
import type { PageCalls } from "../../src/web/reading/page_calls.ts";
import { REMOVAL_REACH_US } from "../../src/web/reading/removals/removals.ts";
import type { RpcClient } from "../../src/web/rpc/rpc_client.ts";
import { formatRoute, parseRoute } from "../../src/web/state/route.ts";
import { lineAt, putMessages } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const CHANNEL = "removed";
const START_S = Date.UTC(2026, 6, 14, 23, 50) / 1_000;
const store = memoryStore();
let browser: PageBrowser | undefined;
let node: HttpListener | undefined;

/** A message so many seconds after 23:50. */
function line(afterS: number, login: string, text: string, more: Partial<Message> = {}): Message {
  const tags = { id: `${login}-${afterS}`, ...more.tags };
  return lineAt(START_S + afterS, { login, text, ...more, tags });
}

function clear(afterS: number, command: string, login: string, tags: Record<string, string>) {
  return line(afterS, "", login, {
    command,
    params: [`#${CHANNEL}`, login],
    sender: "tmi.twitch.tv",
    user: null,
    tags: { id: "", ...tags },
  });
}

const CHAT: readonly Message[] = [
  line(1, "spammer", "before what a timeout reaches"),
  line(30, "guest", "nothing is wrong with this"),
  line(90, "guest", "taken back", { tags: { "reply-parent-msg-id": "root" } }),
  line(590, "spammer", "said before midnight"),
  clear(605, "CLEARMSG", "taken back", { login: "guest", "target-msg-id": "guest-90" }),
  line(610, "spammer", "said after midnight"),
  clear(660, "CLEARCHAT", "spammer", { "ban-duration": "600" }),
  line(700, "villain", "the last straw"),
  clear(1_250, "CLEARCHAT", "villain", {}),
  line(1_300, "villain", "said by another of that name"),
];

before(async () => {
  for (const minute of new Set(CHAT.map(({ time }) => Math.floor(time / 60)))) {
    await putMessages(store, CHANNEL, CHAT.filter(({ time }) => Math.floor(time / 60) === minute));
  }
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  node = await startNode(store);
});
after(async () => {
  await node?.close();
  await browser?.close();
});

const BEFORE_MIDNIGHT = { fromUs: 0, untilUs: (START_S + 600) * 1e6 };
const ALL = { fromUs: 0, untilUs: (START_S + 7_200) * 1e6 };
const signal = new AbortController().signal;
const reader = new ChatReader(storedChat(store, nodeHasher()));

async function readTexts(filter: Partial<Filter>, span = ALL): Promise<string[]> {
  const found: FoundMinute[] = [];
  await reader.read(
    { channel: CHANNEL, filter: { ...NO_FILTER, ...filter }, ...span, screenful: 100 },
    { signal, onProgress: (minutes) => void found.push(...minutes) },
  );
  return found.flatMap(({ messages = [] }) => messages.map(({ params }) => params[1]!));
}

test("removed messages are found by what removed them, also minutes and a day later", async () => {
  const timedOut = ["said before midnight", "said after midnight"];
  assert.deepEqual(await readTexts({ removed: "any" }), [
    "taken back",
    ...timedOut,
    "the last straw",
  ]);
  assert.deepEqual(await readTexts({ removed: "deleted" }), ["taken back"]);
  assert.deepEqual(await readTexts({ removed: "timeout" }), timedOut);
  assert.deepEqual(await readTexts({ removed: "ban" }), ["the last straw"]);
  assert.deepEqual(await readTexts({ removed: "any" }, BEFORE_MIDNIGHT), [
    "taken back",
    "said before midnight",
  ]);
});

test("that they were removed combines with text, pattern, user and thread", async () => {
  assert.deepEqual(await readTexts({ removed: "any", text: "before" }), ["said before midnight"]);
  assert.deepEqual(await readTexts({ removed: "any", text: "^said", isRegex: false }), []);
  assert.deepEqual(await readTexts({ removed: "any", user: "villain" }), ["the last straw"]);
  assert.deepEqual(await readTexts({ removed: "any", thread: "root" }), ["taken back"]);
});

test("a search over all days and an export find the same", async () => {
  const filter: Filter = { ...NO_FILTER, removed: "any", user: "spammer,guest" };
  const hits: string[] = [];
  await reader.search({ channel: CHANNEL, filter, ...ALL, limit: 100 }, {
    signal,
    onProgress: (progress) => void hits.push(...progress.hits.map(({ params }) => params[1]!)),
  });
  assert.deepEqual(hits, ["said after midnight", "said before midnight", "taken back"]);
  const { blob, messages } = await reader.export(
    { channel: CHANNEL, filter, ...BEFORE_MIDNIGHT, format: "ndjson" },
    { signal, onProgress: () => {} },
  );
  assert.equal(messages, 2);
  const text = await blob.text();
  assert.ok(text.includes("said before midnight") && !text.includes("nothing is wrong"), text);
});

/** Follows a feed of `lines`, each told by itself; returns what is found at last in each minute, and its rows. */
async function followed(filter: Partial<Filter>, lines: readonly Message[]) {
  const archive: ChatArchive = {
    ...storedChat(memoryStore(), nodeHasher()),
    async *follow() {
      for (const each of lines) yield [new TextDecoder().decode(encodeBatch([each])).trimEnd()];
    },
  };
  const found = new Map<number, FoundMinute>();
  await new ChatReader(archive).follow({
    channel: CHANNEL,
    filter: { ...NO_FILTER, ...filter },
  }, {
    signal,
    onProgress: (minutes) => {
      for (const each of minutes) found.set(each.summary.minuteUs, each);
    },
  });
  return [...found.values()];
}

const DELETED_LIVE: readonly Message[] = [
  line(0, "guest", "stays"),
  line(1, "guest", "first to go"),
  clear(2, "CLEARMSG", "first to go", { login: "guest", "target-msg-id": "guest-1" }),
  line(3, "guest", "second to go"),
  clear(4, "CLEARMSG", "second to go", { login: "guest", "target-msg-id": "guest-3" }),
  line(5, "guest", "stays too"),
];

test("a live minute keeps the removed messages that the feed told", async () => {
  const [minute, ...others] = await followed({ removed: "any" }, DELETED_LIVE);
  assert.deepEqual(others, []);
  assert.deepEqual([...minute!.rows!], [1, 3]);
});

test("each deletion in a minute that grows is marked", async () => {
  const marks = new Marks();
  for (const count of [3, 5, 6]) {
    for (const { summary } of await followed({}, DELETED_LIVE.slice(0, count))) marks.add(summary);
  }
  assert.deepEqual(DELETED_LIVE.map((each) => marks.of(each) !== undefined), [
    false,
    true,
    false,
    true,
    false,
    false,
  ]);
});

test("a day read again takes rows that meet the filter only now", async () => {
  const { minuteUs, ...rest } = { minuteUs: START_S * 1e6, count: 2, byReceivers: [2, 0, 0, 0] };
  const summary = { minuteUs, ...rest, receivers: [], clears: [] };
  let rows = Uint32Array.of();
  const spans: number[] = [];
  const call = ((name: string, request: { fromUs: number }, options: {
    onProgress?: (found: readonly FoundMinute[]) => void;
  }) => {
    if (name !== "read") return Promise.resolve([]);
    spans.push(request.fromUs);
    options.onProgress?.([{ summary, rows }]);
    return Promise.resolve();
  }) as unknown as RpcClient<PageCalls>;
  const day = new DayChat({
    channel: CHANNEL,
    day: { fromUs: minuteUs - HOUR_US, untilUs: minuteUs + MINUTE_US },
    focusUs: minuteUs,
    filter: { ...NO_FILTER, removed: "any" },
    isFrugal: false,
  }, call);
  for (let turns = 0; turns < 100; turns++) await new Promise(setImmediate);
  assert.ok(day.isComplete);
  assert.equal(day.layout.count, 0);
  rows = Uint32Array.of(1);
  await day.refresh(minuteUs + 5e6);
  assert.equal(day.layout.count, 1);
  assert.equal(day.seen.value, 2);
  assert.ok(spans.at(-1)! <= minuteUs - REMOVAL_REACH_US);
  day.close();
});

test("the page filters by it, says what is not known, and keeps it in the address", {
  skip: skipPage,
}, async () => {
  const hash = `#/chat/${CHANNEL}/2026-07-14T23:50:00.000Z`;
  assert.equal(formatRoute(parseRoute(`${hash}?removed=ban`)), `${hash}?removed=ban`);
  const opened = await browser!.open({ origin: node!.url as `http://${string}`, hash });
  const { page } = opened;
  await page.waitForSelector("text=said before midnight");
  await page.selectOption("select[aria-label=Kind]", { label: "Removed messages" });
  await page.waitForSelector("text=Twitch does not tell which moderator removed a message.");
  await page.waitForSelector("text=2 of 4 messages");
  assert.match(page.url(), /removed=any/);
  assert.deepEqual(await page.locator(".row .text").allInnerTexts(), [
    "taken back",
    "said before midnight",
  ]);
  await page.click("text=All days");
  await page.waitForSelector(".hit:has-text('the last straw')");
  assert.equal(await page.locator(".hit").count(), 4);
  await closePage(opened);
});
