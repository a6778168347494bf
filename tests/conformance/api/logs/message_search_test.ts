import assert from "node:assert/strict";
import { test } from "node:test";
import { wasmHasher } from "../../../../src/adapters/hashers/wasm_hasher.ts";
import { memoryIndex } from "../../../../src/adapters/memory/memory_index.ts";
import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../../../src/adapters/system/system_clock.ts";
import { fillChannel } from "../../../../src/engine/index/fill_channel.ts";
import { HourStamps } from "../../../../src/engine/index/hour_stamps.ts";
import { IndexFinder } from "../../../../src/engine/index/index_finder.ts";
import type { Message } from "../../../../src/core/batch/message.ts";
import { noopReporter } from "../../../../src/ports/reporter.ts";
import { logWorld } from "./log_world.ts";

interface Page {
  readonly messages: readonly Message[];
  readonly next: string | null;
  readonly searched_from: number;
  readonly index: string;
}
const PATH = "/forsen/search.json";

const plain = await logWorld();
const indexed = await indexedWorld();

async function indexedWorld() {
  const hasher = await wasmHasher();
  const store = memoryStore();
  const index = memoryIndex();
  const stamps = new HourStamps({ store, hasher });
  const finder = new IndexFinder({ index, store, stamps, clock: systemClock() });
  const world = await logWorld({}, { store, finder });
  for (const channel of ["forsen", "nani", "shy"]) {
    await fillChannel(channel, { index, store, stamps, hasher, reporter: noopReporter });
  }
  return world;
}

const search = (query: Record<string, string>, world = plain, path = PATH) =>
  world.json(`${path}?${new URLSearchParams(query)}`) as Promise<Page>;
const texts = async (query: Record<string, string>) =>
  (await search(query)).messages.map(({ params }) => params.slice(1).join(" "));

test("search.json finds whole words in any order, phrases as they stand, users and kinds", async () => {
  assert.deepEqual(await texts({ q: "moon" }), ["moon again", "Straße to the MOON"]);
  assert.deepEqual(await texts({ q: "moon to" }), ["Straße to the MOON"]);
  assert.deepEqual(await texts({ q: '"the moon"' }), ["Straße to the MOON"]);
  assert.deepEqual(await texts({ q: '"moon the"' }), []);
  assert.deepEqual(await texts({ q: '"strasse TO" moon' }), ["Straße to the MOON"]);
  assert.deepEqual(await texts({ q: "moo" }), []);
  assert.deepEqual(await texts({ q: ":)" }), []);
  assert.deepEqual(await texts({ regex: "^moon|the" }), ["moon again", "Straße to the MOON"]);
  assert.deepEqual(await texts({ user: "@Bob" }), [
    "moon again",
    "bob",
    "\u0001ACTION waves\u0001",
  ]);
  assert.deepEqual(await texts({ user: "bob", command: "clearchat" }), ["bob"]);
  assert.deepEqual(await texts({ command: "CLEARCHAT,CLEARMSG" }), ["", "bad words", "bob"]);
  assert.deepEqual(await texts({ user: "bob", q: "moon" }), ["moon again"]);
});

test("search.json gives messages as chat.ndjson has them, without those who opted out", async () => {
  const stored = await (await plain.ask("/forsen/chat.ndjson")).text();
  const lines = stored.trim().split("\n");
  const { messages } = await search({ regex: "." });
  assert.ok(messages.length > 5);
  const kept = new Set(lines.map((line) => JSON.stringify(JSON.parse(line))));
  for (const message of messages) assert.ok(kept.has(JSON.stringify(message)), message.params[1]);
  assert.deepEqual(await texts({ q: "hidden" }), []);
  assert.equal((await plain.ask("/shy/search.json?q=hidden")).status, 403);
});

test("search.json answers the same with an index and without, page by page", async () => {
  const queries: Record<string, string>[] = [
    { q: "moon" },
    { q: '"the moon"' },
    { q: "hello forsen" },
    { q: "words" },
    { user: "bob" },
    { user: "ada" },
    { user: "Cy" },
    { user: "tmi.twitch.tv" },
    { user: "adalove" },
    { user: "id:1" },
    { user: "id:1,ada,cy" },
    { user: "bob,cy" },
    { user: "bob", q: "again" },
    { user: "bob", command: "CLEARCHAT" },
    { command: "USERNOTICE" },
    { regex: "o.*o" },
    { q: "moon", start: "2026-08-01T12:05:00Z" },
    { q: "moon", end: "2026-08-01T12:05:00Z" },
  ];
  let found = 0;
  for (const path of [PATH, "/nani/search.json"]) {
    for (const query of queries) {
      const all = await search(query, plain, path);
      const name = `${path} ${JSON.stringify(query)}`;
      assert.equal(all.next, null, name);
      const paged: Message[] = [];
      let cursor: string | null = "";
      for (let page = 0; page < 20 && cursor !== null; page++) {
        const next: Page = await search({ ...query, limit: "1", cursor }, indexed, path);
        paged.push(...next.messages);
        cursor = next.next;
      }
      assert.deepEqual(paged, all.messages, name);
      found += paged.length;
    }
  }
  assert.ok(found > 20, `${found}`);
  assert.equal((await search({ q: "moon" }, indexed)).index, "full");
  assert.equal((await search({ q: "moon" })).index, "none");
});

test("search.json says what is wrong with a request", async () => {
  for (
    const query of [
      "",
      "q=+",
      "q=a&regex=b",
      "regex=(",
      "q=a&limit=0",
      "q=a&limit=1001",
      "q=a&cursor=x",
      "q=a&start=yesterday",
      `q=${"a".repeat(1_001)}`,
      `user=${"a".repeat(1_001)}`,
      `q=${Array.from({ length: 31 }, (_, i) => i).join("+")}`,
      `command=${Array.from({ length: 21 }, (_, i) => `C${i}`)}`,
    ]
  ) assert.equal((await plain.ask(`${PATH}?${query}`)).status, 400, query);
  assert.equal((await plain.ask("/NO%20NAME/search.json?q=a")).status, 404);
});
