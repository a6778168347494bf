import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { mergeBatches } from "../../../src/core/merge/merge_batches.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { apiWorld, joined, NOON_S, said } from "./api_world.ts";

const TEN_MINUTES = "start=2026-08-01T12:00&end=2026-08-01T12:10";

function texts(list: unknown): unknown[] {
  return (list as Message[]).map(({ params }) => params[1]);
}

/** What the reference would answer, had it our merge: by the words of its documentation. */
function overlapping(batches: readonly Uint8Array[], start: number, end: number): unknown[] {
  return new TextDecoder().decode(mergeBatches(batches)).split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Message)
    .filter(({ time, time_range }) => start <= time + time_range && time < end);
}

test("chat.json gives each message of a range once, in the normal form, by time", async () => {
  const world = apiWorld();
  const one = [said(1, "a"), said(61, "c")];
  await world.put("forsen", [one[0]!]);
  await world.put("forsen", [one[1]!]);
  const beta = { receiver: "beta.xYz12.0" };
  await world.put("forsen", [said(1, "a", beta), said(2, "b", beta)]);
  const list = await world.json(`/forsen/chat.json?${TEN_MINUTES}`) as Message[];
  assert.deepEqual(texts(list), ["a", "b", "c"]);
  assert.deepEqual(Object.keys(list[0]!.receivers), ["alpha.AbCdE.0", "beta.xYz12.0"]);
  const lines = await world.text(`/forsen/chat.ndjson?${TEN_MINUTES}`);
  assert.deepEqual(lines.trimEnd().split("\n").map((line) => JSON.parse(line)), list);
});

test("chat.json includes what may have happened in the range, as the reference says", async () => {
  const world = apiWorld();
  const random = seededRandom(7);
  const messages: Message[] = [];
  for (let i = 0; i < 300; i++) {
    const at = Math.round(random.next() * 6000) / 10;
    messages.push(
      random.next() < 0.5
        ? said(at, `m${i}`)
        : joined(at, Math.round(random.next() * 600) / 10, { login: `user${i}` }),
    );
  }
  const minutes = new Map<number, Message[]>();
  for (const message of messages) {
    const minute = Math.floor(message.time / 60);
    minutes.set(minute, [...minutes.get(minute) ?? [], message]);
  }
  for (const each of minutes.values()) await world.put("forsen", each);
  const all = [encodeBatch(messages)];
  for (let i = 0; i < 60; i++) {
    const from = NOON_S - 60 + Math.round(random.next() * 6600) / 10;
    const length = [0.000001, 0.1, 1, 59.9, 60, 300][i % 6]!;
    const query = `start=${from}&end=${(from + length).toFixed(6)}`;
    const expected = overlapping(all, from, Number((from + length).toFixed(6)));
    assert.deepEqual(await world.json(`/forsen/chat.json?${query}`), expected, query);
    const lines = (await world.text(`/forsen/chat.ndjson?${query}`)).split("\n").slice(0, -1);
    assert.deepEqual(lines.map((line) => JSON.parse(line)), expected, query);
    const back = await world.json(`/forsen/chat.json?${query}&reverse=true`) as unknown[];
    assert.deepEqual(back, [...expected].reverse(), query);
  }
});

test("chat.ndjson streams all there is when no range is given, forwards and back", async () => {
  const world = apiWorld();
  for (let i = 0; i < 200; i++) {
    await world.put("forsen", [said(i * 97, `m${i}`)]);
  }
  // The same join, seen in two minutes of two hours: one event, in the later one.
  await world.put("forsen", [joined(3590, 30)]);
  await world.put("forsen", [joined(3605, 30, { receiver: "beta.xYz12.0" })]);
  const forwards = await world.text("/forsen/chat.ndjson");
  const back = await world.text("/forsen/chat.ndjson?reverse=true");
  const lines = forwards.trimEnd().split("\n");
  assert.equal(lines.length, 201);
  assert.deepEqual(back.trimEnd().split("\n"), lines.toReversed());
  const some = await world.text("/forsen/chat.ndjson?reverse=true&limit=3");
  assert.deepEqual(some.trimEnd().split("\n"), lines.toReversed().slice(0, 3));
});

test("filters pick by writer, command and number", async () => {
  const world = apiWorld();
  await world.put("forsen", [
    said(1, "a"),
    said(2, "b", { login: "bob" }),
    joined(3, 10, { login: "bob" }),
    {
      ...said(4, "x"),
      command: "CLEARCHAT",
      params: ["#forsen", "bob"],
      sender: "tmi.twitch.tv",
      user: null,
    },
    { ...said(5, "y", { tags: { login: "bob" } }), command: "USERNOTICE", sender: "tmi.twitch.tv" },
    said(6, "c"),
  ]);
  const ask = async (query: string) => {
    const list = await world.json(`/forsen/chat.json?${TEN_MINUTES}&${query}`) as Message[];
    return list.map(({ command, time }) => `${command} ${time - NOON_S}`);
  };
  assert.deepEqual(await ask("user=bob"), ["PRIVMSG 2", "JOIN 3", "CLEARCHAT 4", "USERNOTICE 5"]);
  assert.deepEqual(await ask("user=BOB&command=privmsg"), ["PRIVMSG 2"]);
  assert.deepEqual(await ask("user=ada,bob&command=PRIVMSG"), [
    "PRIVMSG 1",
    "PRIVMSG 2",
    "PRIVMSG 6",
  ]);
  assert.deepEqual(await ask("command=JOIN,CLEARCHAT"), ["JOIN 3", "CLEARCHAT 4"]);
  assert.deepEqual(await ask("limit=2"), ["PRIVMSG 1", "PRIVMSG 2"]);
  assert.deepEqual(await ask("limit=2&reverse=true"), ["PRIVMSG 6", "USERNOTICE 5"]);
  assert.deepEqual(await ask("user=bob&limit=1&reverse=true"), ["USERNOTICE 5"]);
  assert.deepEqual(await ask("user=nobody"), []);
});

test("ranges and filters go by what a line says, whatever else stands in it", async () => {
  const world = apiWorld();
  const odd = { zzz: { time: 0, time_range: 60, user: null, sender: "bob" } };
  const quote = `,"time":5.0,"time_range":9.0,"user":null}`;
  await world.put("forsen", [
    { ...said(10, quote), ...odd },
    said(20, `bob ${quote}`, { login: "dörte" }),
    { ...joined(30, 20, { login: 'q"uo\\te' }), aaa: { time: 1, time_range: 2 } },
  ]);
  const ask = async (query: string) => {
    const list = await world.json(`/forsen/chat.ndjson?limit=1&${query}`) as Message;
    return list.time - NOON_S;
  };
  assert.equal(await ask("start=2026-08-01T12:00:05&end=2026-08-01T12:01"), 10);
  assert.equal(await ask("start=2026-08-01T12:00:11&end=2026-08-01T12:01"), 20);
  assert.equal(await ask("start=2026-08-01T12:00:21&end=2026-08-01T12:01"), 30);
  assert.equal(await ask("start=2026-08-01T12:00:50&end=2026-08-01T12:01"), 30);
  assert.equal(await ask("user=d%C3%96rte"), 20);
  assert.equal(await ask("user=q%22uo%5Cte"), 30);
  assert.equal(await world.text("/forsen/chat.ndjson?user=bob"), "");
  assert.equal(await world.text("/forsen/chat.ndjson?command=BOB,%C3%96"), "");
  const late = "start=2026-08-01T12:00:50.000001&end=2026-08-01T12:01";
  assert.equal(await world.text(`/forsen/chat.ndjson?${late}`), "");
});

test("format=text gives readable lines, in which nothing steers a terminal", async () => {
  const world = apiWorld();
  await world.put("forsen", [said(1, "hi\u001b[2J <b>there</b>")]);
  for (const name of ["chat.json", "chat.ndjson"]) {
    const response = await world.ask(`/forsen/${name}?${TEN_MINUTES}&format=text`);
    assert.match(response.headers.get("content-type")!, /^text\/plain/);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(
      await response.text(),
      "[2026-08-01T12:00:01.000Z] <ada> hi\\u001b[2J <b>there</b>\n",
    );
  }
});

test("chat routes say what is wrong with a query", async () => {
  const world = apiWorld();
  const refused: Record<string, RegExp> = {
    "": /^start is missing$/,
    "start=2026-08-01T12:00": /^end is missing$/,
    "start=x&end=2026-08-01T12:00": /^Invalid timestamp: start/,
    "start=2026-08-01T12:00&end=2026-02-30T12:00": /^Invalid timestamp: end/,
    "start=2026-08-01T12:00%2B02:00&end=2026-08-01T13:00": /^Invalid timestamp: start/,
    "start=2026-08-01T12:00&end=2026-08-01T12:00": /^End must be after start$/,
    "start=2026-08-01T12:00&end=2026-08-01T11:00": /^End must be after start$/,
    "start=2026-08-01T12:00&end=2026-08-01T14:00:00.000001": /^Range may not be longer than 2 h/,
    [`${TEN_MINUTES}&limit=0`]: /^limit/,
    [`${TEN_MINUTES}&limit=-1`]: /^limit/,
    [`${TEN_MINUTES}&limit=1e3`]: /^limit/,
    [`${TEN_MINUTES}&reverse=1`]: /^reverse/,
    [`${TEN_MINUTES}&format=html`]: /^format/,
    [`${TEN_MINUTES}&user=${"a,".repeat(101)}`]: /^user and command/,
  };
  for (const [query, reason] of Object.entries(refused)) {
    const response = await world.ask(`/forsen/chat.json?${query}`);
    assert.equal(response.status, 400, query);
    assert.match(await response.text(), reason, query);
  }
  assert.equal((await world.ask(`/.x/chat.json?${TEN_MINUTES}`)).status, 403);
  assert.deepEqual(await world.json(`/NOBODY/chat.json?${TEN_MINUTES}`), []);
  assert.deepEqual(await world.json(`/nobody/chat.json?${TEN_MINUTES}`), []);
  assert.equal(await world.text("/nobody/chat.ndjson"), "");
});

test("times are taken in every form of UTC", async () => {
  const world = apiWorld();
  await world.put("forsen", [said(1, "a"), said(2, "b")]);
  for (
    const start of [
      "2026-08-01T12:00:01.5",
      "2026-08-01 12:00:01.500Z",
      "2026-08-01T12:00:01,500000",
      "2026-08-01T120001.5",
      "2026-08-01T12:00:01.5%2B00:00",
      `${NOON_S + 1}.5`,
    ]
  ) {
    const query = `start=${start}&end=2026-08-01T13`;
    assert.deepEqual(texts(await world.json(`/forsen/chat.json?${query}`)), ["b"], start);
  }
});

test("eight digits are a day, and no bare number is silently another time", async () => {
  const world = apiWorld();
  await world.put("forsen", [said(1, "a")]);
  const day = "/forsen/chat.ndjson?start=20260801&end=20260802";
  assert.match(await world.text(day), /"a"/);
  assert.equal(await world.text("/forsen/chat.ndjson?start=20260802"), "");
  assert.match(await world.text("/forsen/chat.ndjson?start=0&end=4102444800"), /"a"/);
  const refused: Record<string, RegExp> = {
    "2026": /a number must be a day as 20260801, or seconds/,
    "202608": /a number must be a day/,
    "-1": /a number must be a day/,
    "20261301": /no day or time of the calendar/,
    "20260230": /no day or time of the calendar/,
    [`${NOON_S}000`]: /looks like milliseconds/,
    [`${NOON_S}000000`]: /looks like microseconds/,
    [`${NOON_S}000000000`]: /looks like nanoseconds/,
    "202609211200": /a number must be a day/,
    "1e9": /must look like/,
    "": /must look like/,
  };
  const range = "end=2026-08-01T13";
  for (const [start, says] of Object.entries(refused)) {
    for (const route of ["chat.json", "chat.ndjson", "coverage.json"]) {
      const response = await world.ask(`/forsen/${route}?start=${start}&${range}`);
      assert.equal(response.status, 400, `${route} ${start}`);
      assert.match(await response.text(), says);
    }
  }
});

test("chat leaves out what is redacted, damaged or under a tombstone", async () => {
  const world = apiWorld();
  const hidden = await world.put("forsen", [said(1, "hidden")]);
  const damaged = await world.put("forsen", [said(2, "damaged")]);
  await world.put("forsen", [said(3, "shown")]);
  await world.store.put(hidden.replace(".json", ".tombstone"), new Uint8Array());
  const bytes = (await world.store.get(damaged))!;
  await world.store.put(damaged, bytes.slice(1));
  const ask = async () => texts(await world.json(`/forsen/chat.json?${TEN_MINUTES}`));
  assert.deepEqual(await ask(), ["shown"]);
  assert.deepEqual(await ask(), ["shown"]);
  // Healed under the same name: the listing is as it was, the answer must not be.
  await world.store.put(damaged, bytes);
  assert.deepEqual(await ask(), ["damaged", "shown"]);
});

test("chat answers If-None-Match until a file of the hours comes or goes", async () => {
  const world = apiWorld();
  await world.put("forsen", [said(1, "a")]);
  const path = `/forsen/chat.json?${TEN_MINUTES}`;
  const first = await world.ask(path);
  await first.text();
  const headers = { "if-none-match": first.headers.get("etag")! };
  assert.equal((await world.ask(path, { headers })).status, 304);
  await world.put("forsen", [said(2, "b")]);
  const second = await world.ask(path, { headers });
  assert.equal(second.status, 200);
  assert.deepEqual(texts(await second.json()), ["a", "b"]);
  // Another process knows nothing of what this one has seen.
  const other = apiWorld({ store: world.store, random: seededRandom(2) });
  const tag = { "if-none-match": second.headers.get("etag")! };
  assert.equal((await other.ask(path, { headers: tag })).status, 200);
});

test("an entity tag of an answer that lacked a damaged file does not outlive its healing", async () => {
  const world = apiWorld();
  const key = await world.put("forsen", [said(1, "a")]);
  const bytes = (await world.store.get(key))!;
  await world.store.put(key, bytes.slice(1));
  const path = `/forsen/chat.json?${TEN_MINUTES}`;
  const response = await world.ask(path);
  assert.deepEqual(await response.json(), []);
  await world.store.put(key, bytes);
  const headers = { "if-none-match": response.headers.get("etag")! };
  assert.equal((await world.ask(path, { headers })).status, 200);
});

/** A store that counts how often files are read and can hold them up. */
function watchedStore(): BatchStore & { gets: number; gate: Promise<void> } {
  const inner = memoryStore();
  const store = {
    ...inner,
    gets: 0,
    gate: Promise.resolve(),
    list: inner.list.bind(inner),
    folders: inner.folders.bind(inner),
    put: inner.put.bind(inner),
    delete: inner.delete.bind(inner),
    strays: inner.strays.bind(inner),
    async get(key: string) {
      store.gets++;
      await store.gate;
      return await inner.get(key);
    },
  };
  return store;
}

test("equal reads that run at the same time share one pass, and later ones need none", async () => {
  const store = watchedStore();
  const world = apiWorld({ store });
  for (let i = 0; i < 10; i++) await world.put("forsen", [said(60 * i, `m${i}`)]);
  const path = `/forsen/chat.json?${TEN_MINUTES}`;
  const bodies = await Promise.all(Array.from({ length: 50 }, () => world.text(path)));
  assert.equal(new Set(bodies).size, 1);
  assert.equal(JSON.parse(bodies[0]!).length, 10);
  assert.ok(store.gets <= 20, `${store.gets} files read for 50 readers of 10 files`);
  const before = store.gets;
  assert.equal(await world.text(path), bodies[0]);
  assert.equal(store.gets, before);
});

test("a settled minute that is no longer held is read from its one file, and checked", async () => {
  const store = watchedStore();
  const world = apiWorld({ store, cacheMaxBytes: 0 });
  const keys = [];
  for (let i = 0; i < 10; i++) keys.push(await world.put("forsen", [said(60 * i, `m${i}`)]));
  const path = `/forsen/chat.json?${TEN_MINUTES}`;
  const first = await world.text(path);
  store.gets = 0;
  assert.equal(await world.text(path), first);
  assert.equal(store.gets, 10);
  const bytes = (await store.get(keys[3]!))!;
  await store.put(keys[3]!, bytes.slice(1));
  assert.deepEqual(texts(await world.json(path)), [0, 1, 2, 4, 5, 6, 7, 8, 9].map((i) => `m${i}`));
  await store.put(keys[3]!, bytes);
  assert.equal(await world.text(path), first);
});

test("what is held does not grow beyond its bound", async () => {
  const store = watchedStore();
  const world = apiWorld({ store, cacheMaxBytes: 20_000 });
  for (let i = 0; i < 60; i++) await world.put("forsen", [said(60 * i, "x".repeat(1_000))]);
  const path = "/forsen/chat.json?start=2026-08-01T12&end=2026-08-01T13";
  const first = await world.text(path);
  assert.equal(JSON.parse(first).length, 60);
  assert.equal(await world.text(path), first);
  const { http } = await world.json("/debug/state") as { http: { heldChatBytes: number } };
  assert.ok(http.heldChatBytes > 0 && http.heldChatBytes <= 20_000, `${http.heldChatBytes}`);
});

test("chat is packed for callers that take it, and only for them", async () => {
  const world = apiWorld();
  await world.put("forsen", Array.from({ length: 50 }, (_, i) => said(i, "again and again")));
  const path = `/forsen/chat.json?${TEN_MINUTES}`;
  const plain = await world.text(path);
  for (const header of ["gzip", "br;q=1, gzip;q=0.5", "*"]) {
    const response = await world.ask(path, { headers: { "accept-encoding": header } });
    assert.equal(response.headers.get("content-encoding"), "gzip", header);
    const bytes = new Uint8Array(await response.arrayBuffer());
    assert.ok(bytes.length < plain.length / 5);
    assert.equal(gunzipSync(bytes).toString(), plain);
  }
  for (const header of ["", "br", "gzip;q=0", "*;q=0", "identity"]) {
    const response = await world.ask(path, { headers: { "accept-encoding": header } });
    assert.equal(response.headers.get("content-encoding"), null, header);
    assert.equal(await response.text(), plain);
  }
});

test("a store that fails is said to fail, without saying where it is", async () => {
  const inner = memoryStore();
  let isBroken = false;
  const store: BatchStore = {
    list: inner.list.bind(inner),
    folders: inner.folders.bind(inner),
    put: inner.put.bind(inner),
    delete: inner.delete.bind(inner),
    strays: inner.strays.bind(inner),
    get(key) {
      if (isBroken) throw new Error("EIO: /home/ada/secret");
      return inner.get(key);
    },
  };
  const world = apiWorld({ store });
  await world.put("forsen", [said(1, "a")]);
  isBroken = true;
  for (const path of [`/forsen/chat.json?${TEN_MINUTES}`, "/forsen/chat.ndjson"]) {
    const response = await world.ask(path);
    assert.equal(response.status, 500, path);
    assert.equal(await response.text(), "Something went wrong here");
  }
  assert.ok(world.reports.some((line) => line.includes("EIO: /home/ada/secret")));
  isBroken = false;
  assert.deepEqual(texts(await world.json(`/forsen/chat.json?${TEN_MINUTES}`)), ["a"]);
});
