import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBatch } from "../../../../src/core/batch/batch.ts";
import type { Message } from "../../../../src/core/batch/message.ts";
import { MINUTE_US, SECOND_US } from "../../../../src/core/time.ts";
import {
  chatLines,
  chatList,
  type ChatMinute,
} from "../../../../src/engine/api/chat/chat_bytes.ts";
import type { ChatQuery } from "../../../../src/engine/api/chat/chat_query.ts";
import { WorkBreaks } from "../../../../src/engine/read/work_breaks.ts";
import { virtualClock } from "../../../../src/testing/time/virtual_clock.ts";
import { collect } from "../../../../src/testing/suites/suite.ts";

const KIB = 1_024;
const START_US = 1_785_587_640 * SECOND_US;

function message(seconds: number, fields: Partial<Message> = {}): Message {
  const time = START_US / SECOND_US + seconds;
  return {
    command: "PRIVMSG",
    host: "h",
    params: ["#c", `m${seconds}`],
    receivers: { a: time },
    sender: "ada",
    tags: null,
    time,
    time_range: 0,
    user: "ada",
    ...fields,
  };
}

function minute(number: number, ...messages: Message[]): ChatMinute {
  return { minuteUs: START_US + number * MINUTE_US, bytes: encodeBatch(messages) };
}

async function* minutesOf(...minutes: ChatMinute[]): AsyncGenerator<ChatMinute> {
  yield* minutes;
}

const ALL = {
  startUs: 0,
  endUs: Infinity,
  isReversed: false,
  limit: Infinity,
  format: "json",
  users: new Set<string>(),
  commands: new Set<string>(),
} as unknown as ChatQuery;

/** The pieces that a question gets of these minutes. */
function pieces(wanted: Partial<ChatQuery>, ...minutes: ChatMinute[]): Promise<Uint8Array[]> {
  const breaks = new WorkBreaks(virtualClock());
  return collect(chatLines(minutesOf(...minutes), { ...ALL, ...wanted }, breaks));
}

async function texts(wanted: Partial<ChatQuery>, ...minutes: ChatMinute[]): Promise<string[]> {
  const all = (await pieces(wanted, ...minutes)).map((piece) => new TextDecoder().decode(piece));
  return all.join("").split("\n").slice(0, -1).map((line) => JSON.parse(line).params[1]);
}

const FIRST = minute(0, message(0), message(1), message(59));
const SECOND = minute(
  1,
  message(60),
  message(61, { command: "NOTICE", sender: "bob", user: "bob" }),
);

test("chatLines hands on whole minutes as they are, and leaves out those without a line", async () => {
  const given = await pieces({}, FIRST, minute(5), SECOND);
  assert.equal(given.length, 2);
  assert.equal(given[0], FIRST.bytes);
  assert.equal(given[1], SECOND.bytes);
  const whole = await pieces({ startUs: START_US, endUs: START_US + MINUTE_US }, FIRST);
  assert.equal(whole[0], FIRST.bytes);
});

test("chatLines picks what happened in the range, to the microsecond", async () => {
  const range = (fromS: number, toS: number): Promise<string[]> =>
    texts(
      { startUs: START_US + fromS * SECOND_US, endUs: START_US + toS * SECOND_US },
      FIRST,
      SECOND,
    );
  assert.deepEqual(await range(0, 62), ["m0", "m1", "m59", "m60", "m61"]);
  assert.deepEqual(await range(0.000001, 61), ["m1", "m59", "m60"]);
  assert.deepEqual(await range(1, 60.000001), ["m1", "m59", "m60"]);
  const joined = minute(0, message(0, { time_range: 60 }), message(30, { time_range: 1 }));
  const at = (fromS: number): Promise<string[]> =>
    texts({ startUs: START_US + fromS * SECOND_US, endUs: START_US + 99 * SECOND_US }, joined);
  assert.deepEqual(await at(31), ["m0", "m30"]);
  assert.deepEqual(await at(60), ["m0"]);
  assert.deepEqual(await at(60.000001), []);
});

test("chatLines picks by number, from either end, and asks for no minute more", async () => {
  let asked = 0;
  const counted = async function* () {
    for (const each of [FIRST, SECOND]) {
      asked++;
      yield await Promise.resolve(each);
    }
  };
  const take = async (limit: number): Promise<number> => {
    asked = 0;
    const breaks = new WorkBreaks(virtualClock());
    const given = await collect(chatLines(counted(), { ...ALL, limit }, breaks));
    const lines = given.map((piece) => new TextDecoder().decode(piece)).join("").split("\n");
    assert.equal(lines.length - 1, Math.min(limit, 5));
    return asked;
  };
  assert.deepEqual([await take(1), await take(3), await take(4), await take(9)], [1, 1, 2, 2]);
  assert.deepEqual(await texts({ isReversed: true, limit: 2 }, SECOND, FIRST), ["m61", "m60"]);
  assert.deepEqual(await texts({ isReversed: true, limit: 3 }, SECOND, FIRST), [
    "m61",
    "m60",
    "m59",
  ]);
});

test("chatLines picks by writer and command, also where letters are escaped", async () => {
  assert.deepEqual(await texts({ users: new Set(["bob"]) }, FIRST, SECOND), ["m61"]);
  assert.deepEqual(await texts({ commands: new Set(["NOTICE"]) }, FIRST, SECOND), ["m61"]);
  const both = { users: new Set(["ada"]), commands: new Set(["NOTICE"]) };
  assert.deepEqual(await texts(both, FIRST, SECOND), []);
  const named = minute(0, message(3, { sender: "Zoë" }), message(4, { params: ["#c", "bob"] }));
  assert.deepEqual(await texts({ users: new Set(["zoë"]) }, named), ["m3"]);
  assert.deepEqual(await texts({ users: new Set(["bob"]) }, named), [], "only the text says it");
});

test("chatLines gives long answers in pieces of about 128 KiB, of whole lines", async () => {
  const long = Array.from(
    { length: 300 },
    (_, i) => message(i / 10, { params: ["#c", "x".repeat(KIB)] }),
  );
  const big = minute(0, ...long);
  const given = await pieces({ limit: 290 }, big);
  for (const piece of given) assert.equal(piece.at(-1), 0x0a);
  for (const piece of given.slice(0, -1)) {
    assert.ok(piece.length >= 128 * KIB && piece.length < 130 * KIB, `${piece.length}`);
  }
  assert.equal(given.length, Math.ceil(290 * big.bytes.length / 300 / (129 * KIB)));
  const text = await pieces({ format: "text", limit: 2 }, FIRST);
  assert.match(new TextDecoder().decode(text[0]), /<ada> m0\n.*<ada> m1\n$/);
});

test("chatList makes one list in JSON of lines, in slices of 128 KiB", async () => {
  const list = async (...parts: string[]): Promise<{ text: string; sizes: number[] }> => {
    const lines = async function* () {
      for (const part of parts) yield await Promise.resolve(new TextEncoder().encode(part));
    };
    const given = await collect(chatList(lines()));
    return {
      text: given.map((piece) => new TextDecoder().decode(piece)).join(""),
      sizes: given.map(({ length }) => length),
    };
  };
  assert.equal((await list()).text, "[]");
  assert.equal((await list("1\n")).text, "[1]");
  assert.equal((await list("1\n2\n", "3\n")).text, "[1,2,3]");
  for (const length of [128 * KIB - 1, 128 * KIB, 128 * KIB + 1, 256 * KIB, 300_000]) {
    const line = `"${"x".repeat(length / 2 - 3)}"\n`;
    const part = line + `"${"y".repeat(length - line.length - 3)}"\n`;
    assert.equal(part.length, length);
    const { text, sizes } = await list(part, "7\n");
    assert.deepEqual(JSON.parse(text), [
      ...part.trim().split("\n").map((each) => JSON.parse(each)),
      7,
    ]);
    for (const size of sizes) assert.ok(size <= 128 * KIB);
  }
});
