import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import { encodeBatch } from "../../src/core/batch/batch.ts";
import { BatchSyntaxError } from "../../src/core/errors/errors.ts";
import { mergeBatches } from "../../src/core/merge/merge_batches.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { readBatch } from "../../src/core/merge/read_batch.ts";
import { SightingSet } from "../../src/core/merge/sighting_set.ts";
import { seededRandom } from "../../src/testing/chance/seeded_random.ts";

const MINUTE_US = 60_000_000;

const JOIN: Message = {
  command: "JOIN",
  params: ["#c"],
  sender: "ada",
  user: "ada",
  host: "ada.tmi.twitch.tv",
  tags: null,
  receivers: { "alpha.AbCdE.0": 1568505660.5 },
  time: 1568505610.25,
  time_range: 55,
};

const CHAT: Message = {
  ...JOIN,
  command: "PRIVMSG",
  params: ["#c", "hi"],
  tags: { id: "1", "tmi-sent-ts": "1568505652987", "user-id": "7" },
  time: 1568505652.987,
  time_range: 0,
};

function batch(...messages: Partial<Message>[]): Uint8Array {
  return encodeBatch(messages.map((message) => ({ ...JOIN, ...message })));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function parsed(bytes: Uint8Array): Message[] {
  return text(bytes).split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

test("mergeBatches of nothing is nothing", () => {
  assert.equal(mergeBatches([]).length, 0);
  assert.equal(mergeBatches([new Uint8Array(), batch()]).length, 0);
});

test("mergeBatches gives an exact message all its receivers, each with its earliest time", () => {
  const merged = mergeBatches([
    batch({ ...CHAT, receivers: { b: 1568505653.5 } }),
    batch({ ...CHAT, receivers: { a: 1568505653.25, c: 5 } }),
    batch({ ...CHAT, receivers: { b: 1568505653.25, c: 1e-7 } }),
  ]);
  assert.equal(
    text(merged),
    text(batch({ ...CHAT, receivers: { a: 1568505653.25, b: 1568505653.25, c: 1e-7 } })),
  );
});

test("mergeBatches orders receivers by code point, escaped or not", () => {
  const ids = ["a", "a b", "a!", "a\u00e9", "a\uff21", "a\u{1f600}", 'a"', "__proto__", "10", "9"];
  const one = ids.map((id) =>
    batch({ ...CHAT, receivers: Object.fromEntries([[id, 1568505653.5]]) })
  );
  const all = Object.fromEntries(ids.map((id) => [id, 1568505653.5]));
  assert.equal(text(mergeBatches(one.reverse())), text(batch({ ...CHAT, receivers: all })));
});

test("mergeBatches corrects the time of an exact message by its tag", () => {
  const merged = mergeBatches([batch({ ...CHAT, time: 1568505600, time_range: 3.5 })]);
  assert.equal(text(merged), text(batch(CHAT)));
});

test("mergeBatches keeps a receiver's own range where the event's is narrower", () => {
  const [event] = parsed(mergeBatches([
    batch({}),
    batch({
      receivers: { "beta.xYz12.0": 1568505660.625 },
      time: 1568505612.125,
      time_range: 50.5,
    }),
  ]));
  assert.deepEqual([event!.time, event!.time_range], [1568505612.125, 50.5]);
  assert.deepEqual(event!.receivers, {
    "alpha.AbCdE.0": { received: 1568505660.5, time: 1568505610.25, time_range: 55 },
    "beta.xYz12.0": 1568505660.625,
  });
});

test("mergeBatches keeps two contents of one id, and repeatedIds names it", () => {
  const set = readBatch(batch(CHAT, { ...CHAT, params: ["#c", "ho"] }));
  assert.equal(parsed(set.encode()).length, 2);
  assert.deepEqual([...set.repeatedIds()], [["1", 2]]);
  assert.deepEqual([...readBatch(batch(CHAT, CHAT, JOIN)).repeatedIds()], []);
});

test("mergeBatches handles one content heard by very many, and one instant full of messages", () => {
  const receivers = Array.from({ length: 3_000 }, (_, n) => `r${String(n).padStart(4, "0")}`);
  const heard = receivers.map((receiver) =>
    batch({ ...CHAT, receivers: { [receiver]: 1568505653.5 } })
  );
  const all = Object.fromEntries(receivers.map((receiver) => [receiver, 1568505653.5]));
  assert.equal(text(mergeBatches(heard)), text(batch({ ...CHAT, receivers: all })));
  const crowd = receivers.map((name) => ({ ...CHAT, params: ["#c", name] }));
  const merged = mergeBatches([batch(...crowd), batch(...crowd.reverse())]);
  assert.equal(text(merged), text(batch(...crowd)));
});

test("mergeBatches does not mind in which order instants come", () => {
  const chance = seededRandom(7);
  const messages = Array.from({ length: 2_000 }, (_, n): Message => {
    const sentMs = 1568505600000 + Math.floor(chance.next() * 500) * 10;
    const tags = { id: String(n), "tmi-sent-ts": String(sentMs) };
    return { ...CHAT, tags, time: sentMs / 1000, receivers: { a: 1568505653.5 } };
  });
  const withBoth = messages.map((each) => ({ ...each, receivers: { ...each.receivers, b: 5 } }));
  const linesOf = (all: Message[]) => all.map((each) => text(batch(each))).join("");
  const shuffled = new TextEncoder().encode(linesOf(messages));
  const others = messages.map((each) => ({ ...each, receivers: { b: 5 } })).reverse();
  const merged = mergeBatches([shuffled, new TextEncoder().encode(linesOf(others))]);
  assert.equal(text(merged), text(batch(...withBoth)));
  assert.ok(readBatch(merged).includes(readBatch(shuffled)));
});

test("mergeBatches keeps apart what differs in unknown fields only", () => {
  const merged = mergeBatches([
    batch({ ...CHAT, a_new: { deep: [1, "x"] } }),
    batch({ ...CHAT, tim: 1 }),
    batch({ ...CHAT, time_a: 1 }),
    batch({ ...CHAT, zz: null }),
    batch(CHAT),
  ]);
  assert.equal(parsed(merged).length, 5);
  assert.deepEqual(mergeBatches([merged, merged]), merged);
});

test("SightingSet.add leaves the set as it was when a batch is unreadable, and says where", () => {
  const set = readBatch(batch(CHAT));
  const before = set.encode();
  const half = text(batch({ ...CHAT, receivers: { z: 1568505653.5 } }, JOIN));
  for (
    const [broken, line] of [
      [`${half}{`, 3],
      [`${half}\n`, 3],
      [half.replace('"time_range":55', '"time_range":61'), 1],
      [half.replace('"sender":"ada",', ""), 1],
    ] as const
  ) {
    assert.throws(
      () => set.add(new TextEncoder().encode(broken), { key: "c/chat/x" }),
      (error) =>
        error instanceof BatchSyntaxError && error.line === line && error.key === "c/chat/x",
    );
    assert.deepEqual(set.encode(), before);
  }
  const notText = new Uint8Array([...batch(CHAT), 0x7b, 0xff, 0x0a]);
  assert.throws(() => set.add(notText), { name: "BatchSyntaxError", line: 2 });
});

test("SightingSet.add takes a last line without its line feed, and a batch of another's style", () => {
  const bytes = batch(CHAT, JOIN);
  const spaced = parsed(bytes).map((message) => JSON.stringify(message, undefined, 1))
    .map((line) => line.replaceAll("\n", " ")).join("\r\n");
  assert.deepEqual(readBatch(new TextEncoder().encode(spaced)).encode(), bytes);
});

test("SightingSet.add does not notice what the caller does to the bytes afterwards", () => {
  for (const bytes of [batch(CHAT, JOIN), Buffer.from(batch(CHAT, JOIN))]) {
    const set = readBatch(bytes);
    const before = set.encode();
    bytes.fill(0x20);
    assert.deepEqual(set.encode(), before);
  }
});

test("SightingSet.encodeMinutes files an event under its latest start", () => {
  const set = readBatch(batch(
    { time: 1568505659, time_range: 3, receivers: { a: 1 } },
    { time: 1568505660, time_range: 3, receivers: { b: 1 } },
    CHAT,
  ));
  const minutes = set.encodeMinutes();
  assert.deepEqual([...minutes.keys()], [1568505600e6, 1568505660e6]);
  assert.deepEqual([...minutes.values()].map((bytes) => parsed(bytes).length), [1, 1]);
});

test("SightingSet.extents reaches as far as equal ranged contents touch", () => {
  const at = (time: number, receiver: string) => ({
    time,
    time_range: 50,
    receivers: { [receiver]: time },
  });
  const startS = 1568505600;
  const set = readBatch(batch(
    at(startS - 80, "a"),
    at(startS - 30, "b"),
    at(startS + 20, "c"),
    at(startS + 120, "d"),
    { ...at(startS, "a"), sender: "bob" },
    { ...CHAT, time: startS },
  ));
  const inSeconds = (fromUs: number, toUs?: number) =>
    set.extents(fromUs, toUs).map((
      { startUs, endUs },
    ) => [startUs / 1e6 - startS, endUs / 1e6 - startS])
      .sort((x, y) => x[0]! - y[0]!);
  assert.deepEqual(inSeconds(startS * 1e6), [[-80, 70], [0, 50]]);
  assert.deepEqual(inSeconds(startS * 1e6 + 2 * MINUTE_US), [[120, 170]]);
  assert.deepEqual(inSeconds(startS * 1e6 + MINUTE_US), []);
  const three = [[-80, 70], [0, 50], [120, 170]];
  assert.deepEqual(inSeconds(startS * 1e6, startS * 1e6 + 2 * MINUTE_US), three);
});

test("SightingSet.drop takes out what matches, and what is dropped can be added again", () => {
  const bytes = batch(
    CHAT,
    { ...CHAT, tags: { ...CHAT.tags, id: "2" } },
    { ...CHAT, tags: { ...CHAT.tags, id: "3" } },
    JOIN,
    { time: 1568505710, receivers: { b: 5 } },
  );
  const set = readBatch(bytes);
  assert.equal(set.drop((message) => message.tags?.["id"] === "2"), 1);
  assert.equal(set.drop((_, sighting) => sighting !== undefined && sighting.receiver === "b"), 1);
  assert.equal(parsed(set.encode()).length, 3);
  assert.ok(!set.includes(readBatch(bytes)));
  set.add(bytes);
  assert.deepEqual(set.encode(), bytes);
  assert.ok(set.includes(readBatch(bytes)));
});

test("SightingSet.includes needs the same content, receiver, time and as wide a range", () => {
  const all = readBatch(batch(CHAT, JOIN));
  const knows = (message: Partial<Message>) => all.includes(readBatch(batch(message)));
  assert.ok(knows(CHAT) && knows(JOIN));
  assert.ok(
    knows({ ...CHAT, receivers: { "alpha.AbCdE.0": 1568505661 } }),
    "a later time is known",
  );
  assert.ok(!knows({ ...CHAT, receivers: { "alpha.AbCdE.0": 1568505660 } }));
  assert.ok(!knows({ ...CHAT, receivers: { "alpha.AbCdE.1": 1568505660.5 } }));
  assert.ok(!knows({ ...CHAT, params: ["#c", "ho"] }));
  assert.ok(knows({ time: 1568505611, time_range: 60 }), "starts later");
  assert.ok(!knows({ time_range: 55.5 }));
  assert.ok(!knows({ time: 1568505610, time_range: 1 }));
  assert.ok(!knows({ receivers: { "alpha.AbCdE.0": 1568505660.25 } }));
});

test("SightingSet.addSighting and addAll say the same as the batch", () => {
  const bytes = batch(CHAT, JOIN);
  const set = new SightingSet();
  set.addAll(readBatch(bytes));
  assert.deepEqual(set.encode(), bytes);
  const content = {
    a: `{"command":"JOIN","host":"ada.tmi.twitch.tv","params":["#c"],"receivers":`,
    b: `,"sender":"ada","tags":null,"time":`,
    c: `,"time_range":`,
    d: `,"user":"ada"}`,
  };
  const sighting = {
    receiver: "alpha.AbCdE.0",
    receivedS: 1568505660.5,
    startUs: 1568505610250000,
    endUs: 1568505665250000,
  };
  const one = new SightingSet();
  one.addSighting(content, { ...sighting, sentUs: undefined });
  assert.deepEqual(one.encode(), batch(JOIN));
});
