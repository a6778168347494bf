import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../../../src/ports/clock.ts";
import { logWorld, record, say } from "./log_world.ts";

const world = await logWorld();
const PATH = "/channel/forsen/search";

interface Page {
  readonly messages: readonly { readonly text: string; readonly id: string }[];
  readonly next: string | null;
  readonly searchedFrom: string;
  readonly unlistenedMinutes: number;
}
const search = (query: string, from = world, path = PATH) =>
  from.json(`${path}?json&${query}`) as Promise<Page>;
const texts = async (query: string) => (await search(query)).messages.map(({ text }) => text);

test("a channel's search finds all of some words, newest first, over years and logins", async () => {
  assert.deepEqual(await texts("q=moon"), ["moon again", "Straße to the MOON"]);
  assert.deepEqual(await texts("q=the+moon"), ["Straße to the MOON"]);
  assert.deepEqual(await texts("q=STRASSE"), ["Straße to the MOON"], "by folding");
  assert.deepEqual(await texts("q=moo"), [], "whole words");
  assert.deepEqual(await texts("q=first"), ["first of all"], "under the login of then");
  assert.deepEqual(await texts("q=gifted"), ["Cy gifted a sub! have fun"]);
});

test("a channel's search takes a pattern, in any case", async () => {
  assert.deepEqual(await texts(`regex=${encodeURIComponent("^moon|MOON$")}`), [
    "moon again",
    "Straße to the MOON",
  ]);
  for (const bad of ["(", "(?<=a)b", "(a)\\1", "a".repeat(257), "(x{1000}){1000}"]) {
    const response = await world.ask(`${PATH}?regex=${encodeURIComponent(bad)}`);
    assert.equal(response.status, 400, bad);
    assert.doesNotMatch(await response.text(), /\n/);
  }
});

test("a hostile pattern takes time linear in the text", async () => {
  const crowded = await logWorld();
  const lines = Array.from(
    { length: 200 },
    (_, i) =>
      say(`2026-08-01T12:0${i % 10}:${10 + (i % 50)}.${100 + i}Z`, "a".repeat(480), {
        id: `h${i}`,
      }),
  );
  await record(crowded, lines);
  const startUs = performance.now();
  await search("q=moon", crowded);
  const plain = performance.now() - startUs;
  for (const hostile of ["(a+)+$b", "(a|a)*zq", "(.*)*x", "(a?){200}a{200}z"]) {
    const since = performance.now();
    const { messages } = await search(`regex=${encodeURIComponent(hostile)}`, crowded);
    assert.equal(messages.length, 0, hostile);
    // Backtracking would take longer than the world lasts.
    assert.ok(performance.now() - since < 200 * plain + 10_000, hostile);
  }
});

test("a range bounds a search at either end", async () => {
  assert.deepEqual(await texts("q=moon&from=2026-08-01T12:05:00Z"), ["moon again"]);
  assert.deepEqual(await texts("q=moon&to=2026-08-01T12:05:00Z"), ["Straße to the MOON"]);
});

test("a cursor goes on where a page ended, and skips nothing that shares its time", async () => {
  const busy = await logWorld();
  const same = (n: number) => say("2026-08-01T12:15:00Z", `same ${n}`, { id: `s${n}` });
  await record(busy, [0, 1, 2, 3, 4].map(same));
  await record(busy, [
    say("2026-08-01T12:15:01Z", "same later", { id: "later" }),
    say("2026-08-01T12:14:59Z", "same earlier", { id: "earlier" }),
  ]);
  const all = (await search("q=same", busy)).messages.map(({ id }) => id);
  assert.equal(all.length, 7);
  for (const limit of [1, 2, 3]) {
    const found: string[] = [];
    let cursor: string | null = "";
    for (let page = 0; page < 20 && cursor !== null; page++) {
      const next: Page = await search(`q=same&limit=${limit}&cursor=${cursor}`, busy);
      found.push(...next.messages.map(({ id }) => id));
      cursor = next.next;
    }
    assert.equal(cursor, null);
    assert.deepEqual(found, all, `${limit} a page`);
  }
  // The line that a cursor names may be gone: then all of its time come again, and none is left out.
  const { next } = await search("q=same&limit=3", busy);
  const gone = next!.replace(/-.*/, "-zzz");
  const again = (await search(`q=same&cursor=${gone}`, busy)).messages.map(({ id }) => id);
  assert.deepEqual(again, all.slice(1));
});

test("the cursor is in a header too, for forms that have no field for it", async () => {
  const response = await world.ask(`${PATH}?q=moon&limit=1`);
  assert.equal(await response.text(), "[2026-08-01 12:10:00] #forsen bob: moon again\r\n");
  const cursor = response.headers.get("x-chatloom-next") ?? "";
  const last = await world.ask(`${PATH}?q=moon&limit=5&cursor=${cursor}`);
  assert.match(await last.text(), /Straße/);
  assert.equal(last.headers.get("x-chatloom-next"), null);
});

test("a page says how far it searched, and how much of it was listened to", async () => {
  const { next, searchedFrom, unlistenedMinutes } = await search(
    "q=moon&from=2026-08-01T12:00:00Z&to=2026-08-01T12:45:00Z",
  );
  assert.deepEqual([next, searchedFrom], [null, "2026-08-01T12:00:00.000Z"]);
  assert.equal(unlistenedMinutes, 5, "until now");
});

test("what is no search is refused", async () => {
  const bad = ["", "q=", "q=a&regex=b", "q=...", "q=a&limit=0", "q=a&limit=1001", "q=a&cursor=x"];
  for (const query of [...bad, "q=a&from=x", `q=${"w%20".repeat(2)}${"a%20b%20".repeat(11)}`]) {
    const { status } = await world.ask(`${PATH}?${query}`);
    assert.equal(status, query.startsWith("q=w") ? 200 : 400, query);
  }
  const many = Array.from({ length: 21 }, (_, i) => `w${i}`).join("+");
  assert.equal((await world.ask(`${PATH}?q=${many}`)).status, 400);
});

test("several channels are searched together only if the operator wants it", async () => {
  assert.equal((await world.ask("/search?q=moon&channel=forsen")).status, 404);
  const open = await logWorld({ crossChannelSearch: true });
  await record(open, [
    say("2026-08-01T12:05:00Z", "moon too", { channel: "nymn", room: "55", id: "n1" }),
    say("2026-07-01T12:05:00Z", "old moon", { channel: "nymn", room: "55", id: "n2" }),
  ]);
  const both = "channel=forsen&channel=nymn";
  const all = ["moon again", "moon too", "Straße to the MOON", "old moon"];
  const { messages } = await search(`q=moon&${both}`, open, "/search");
  assert.deepEqual(messages.map(({ text }) => text), all);
  const found: string[] = [];
  let cursor: string | null = "";
  for (let page = 0; page < 10 && cursor !== null; page++) {
    const next: Page = await search(`q=moon&limit=1&${both}&cursor=${cursor}`, open, "/search");
    found.push(...next.messages.map(({ text }) => text));
    cursor = next.next;
  }
  assert.deepEqual(found, all);
  assert.equal((await open.ask("/search?q=moon")).status, 400);
  assert.equal((await open.ask("/search?q=moon&channel=forsen&channel=shy")).status, 403);
});

test("a search that takes too long ends its page and goes on from there", async () => {
  const slow = await logWorld({}, { clock: stepping(60_000) });
  const found: string[] = [];
  let cursor: string | null = "";
  let pages = 0;
  while (cursor !== null && pages < 200) {
    const next: Page = await search(`q=moon&cursor=${cursor}`, slow);
    found.push(...next.messages.map(({ text }) => text));
    cursor = next.next;
    pages++;
  }
  assert.equal(cursor, null);
  assert.deepEqual(found, ["moon again", "Straße to the MOON"]);
  assert.ok(pages > 1, `${pages} pages`);
});

test("a log that reads too long without a line is refused, with a hint", async () => {
  const slow = await logWorld({}, { scanMaxUs: 1, clock: stepping(1_000) });
  const response = await slow.ask("/channel/forsen/user/stranger/2026/7");
  assert.equal(response.status, 503);
  assert.match(await response.text(), /ask for a shorter range/);
  assert.ok(response.headers.has("retry-after"));
});

/** A clock that goes on by `us` at each look. */
function stepping(us: number): Clock {
  let nowUs = 0;
  return {
    wallUs: () => world.clock.wallUs(),
    elapsedUs: () => nowUs += us,
    // Only breaks from work end; what watches slow readers sleeps for good.
    sleep: (ms, signal) =>
      ms === 0 ? new Promise((resolve) => setTimeout(resolve)) : world.clock.sleep(ms, signal),
  };
}
