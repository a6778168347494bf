import assert from "node:assert/strict";
import { test } from "node:test";
import { MILLISECOND_US, SECOND_US } from "../../../src/core/time.ts";
import {
  type ChatOptions,
  generatedChat,
} from "../../../src/testing/generated_chat/generated_chat.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import type { ChannelChat, TimedLine } from "../../../src/testing/generated_chat/chat_source.ts";

const START_US = 1_785_587_645_678_901;

// Of a thousand lines, about 80 are people who come and go.
const TALK_SHARE = 911 / 991;

function chat(options: ChatOptions = {}, seed = 1): ChannelChat {
  return generatedChat("a", {
    roomId: "1234",
    startUs: START_US,
    random: seededRandom(seed),
    ...options,
  });
}

function take(
  { sources }: ChannelChat,
  count: number,
): [talk: TimedLine[], membership: TimedLine[]] {
  const [talk, membership] = sources;
  return [
    Array.from({ length: count }, () => talk!.next()!),
    Array.from({ length: count / 10 }, () => membership!.next()!),
  ];
}

function sentUs(line: string): number | undefined {
  const sent = /[@;]tmi-sent-ts=(\d+)[; ]/.exec(line);
  return sent === null ? undefined : Number(sent[1]) * MILLISECOND_US;
}

test("generatedChat says in tmi-sent-ts exactly when it happened", () => {
  const [talk, membership] = take(chat({ ratePerSecond: 100 }), 5_000);
  let exactCount = 0;
  for (const { line, timeUs, arrivalUs } of [...talk, ...membership]) {
    assert.ok(Number.isInteger(timeUs) && timeUs >= START_US && arrivalUs >= timeUs, line);
    const isExact = / (PRIVMSG|USERNOTICE|CLEARCHAT|CLEARMSG) #/.test(line);
    assert.equal(sentUs(line), isExact ? timeUs : undefined, line);
    if (isExact) exactCount++;
  }
  assert.ok(exactCount > 4_000 && exactCount < 5_000);
});

test("generatedChat tells no two things with equal bytes and an equal time", () => {
  const mix = { PRIVMSG: 1, CLEARCHAT: 50, CLEARMSG: 50, USERNOTICE: 10 };
  const [talk] = take(chat({ ratePerSecond: 5_000, peopleCount: 5, mix }), 5_000);
  const exact = talk.map(({ line }) => line).filter((line) => sentUs(line) !== undefined);
  assert.equal(new Set(exact).size, exact.length);
});

test("generatedChat comes at the rate it is told", () => {
  for (const ratePerSecond of [10, 1_000, 2_000]) {
    const [talk] = take(chat({ ratePerSecond }), 10_000 + 10 * ratePerSecond);
    const seconds = (talk.at(-1)!.timeUs - START_US) / SECOND_US;
    const rate = talk.length / seconds / TALK_SHARE / ratePerSecond;
    assert.ok(rate > 0.85 && rate < 1.15, `${rate} of ${ratePerSecond} lines a second`);
    assert.ok(talk.every(({ timeUs }, i) => i === 0 || timeUs >= talk[i - 1]!.timeUs));
  }
});

test("generatedChat has all kinds of lines", () => {
  const [talk] = take(chat(), 10_000);
  const kinds = new Set(talk.map(({ line }) => /:\S+ ([A-Z]+) #a/.exec(line)![1]));
  assert.deepEqual(
    [...kinds].sort(),
    "CLEARCHAT CLEARMSG HOSTTARGET NOTICE PRIVMSG ROOMSTATE USERNOTICE USERSTATE".split(" "),
  );
});

test("generatedChat is out of order as often as a real capture, and never by more", () => {
  for (const ratePerSecond of [10, 100, 1_000]) {
    const [talk] = take(chat({ ratePerSecond }), 10_000);
    const arrived = talk.toSorted((a, b) => a.arrivalUs - b.arrivalUs).map(({ timeUs }) => timeUs);
    const backUs = arrived.map((timeUs, i) => i === 0 ? 0 : arrived[i - 1]! - timeUs);
    const share = backUs.filter((us) => us > 0).length / arrived.length;
    assert.ok(share > 0.11 && share < 0.18, `${share} at ${ratePerSecond}/s`);
    assert.ok(Math.max(...backUs) <= 400 * MILLISECOND_US);
  }
});

test("generatedChat tells of comings and goings late, in batches, each after the other", () => {
  const [, membership] = take(chat({ ratePerSecond: 50 }), 20_000);
  const present = new Map<string, boolean>();
  for (const { line, timeUs, arrivalUs } of membership) {
    assert.ok(arrivalUs - timeUs <= 30 * SECOND_US);
    const [, login = "", command] = /^:(\S+)!\S+ (JOIN|PART) #a$/.exec(line)!;
    if (present.has(login)) assert.notEqual(present.get(login), command === "JOIN", line);
    present.set(login, command === "JOIN");
  }
  const batches = new Set(membership.map(({ arrivalUs }) => arrivalUs));
  assert.ok(batches.size > 10 && batches.size < membership.length / 5);
  const repeats = membership.length - new Set(membership.map(({ line }) => line)).size;
  assert.ok(repeats > membership.length / 3, "few come back");
});

test("generatedChat holds what makes archives fail: scripts, escapes, blanks, actions, replies", () => {
  const [talk] = take(chat({ mix: { USERNOTICE: 200 } }), 20_000);
  const text = talk.map(({ line }) => line).join("\n");
  const expected = [
    /\\s/,
    /\\:/,
    /\\\\/,
    /\\n/,
    / \u{E0000}$/mu,
    / {2}$/m,
    /reply-parent-msg-body=/,
    /source-room-id=/,
    /[\u0600-\u06ff]/,
    /[\u0300-\u036f]{4}/,
    /\u200d/,
    /\u2028/,
    /__proto__/,
    /emotes=\d+:\d+-\d+,/,
    /display-name=\P{ASCII}/u,
  ];
  for (const pattern of expected) assert.match(text, pattern);
  assert.ok(talk.some(({ line }) => line.includes(" :\u0001ACTION ") && line.endsWith("\u0001")));
  assert.doesNotMatch(text, /\r/);
});

test("generatedChat's room settings follow its ROOMSTATEs", () => {
  const life = chat({ mix: { ROOMSTATE: 500 } });
  const settings = new Map(Object.entries(life.settings()));
  // The chat is one line ahead of what it tells, so the last one is still to come.
  let [talk] = take(life, 500);
  talk = [...talk, life.sources[0]!.next()!];
  for (const { line } of talk.slice(0, -1)) {
    const change = /^@(?:room-id=1234;)?([a-z0-9-]+)=(-?\d+).* ROOMSTATE #a$/.exec(line);
    if (change === null) continue;
    assert.notEqual(settings.get(change[1]!), Number(change[2]), line);
    settings.set(change[1]!, Number(change[2]));
  }
});
