import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { MILLISECOND_US } from "../../../src/core/time.ts";
import type { TimedLine } from "../../../src/testing/generated_chat/chat_source.ts";
import { playback, type PlaybackOptions } from "../../../src/testing/generated_chat/playback.ts";

const START_MS = 1_785_587_645_000;
const OPTIONS = { startUs: START_MS * MILLISECOND_US };
const CAPTURE = new URL(
  "../../../../shared/data/lines/go-twitch-irc-channel-xqcow.txt",
  import.meta.url,
);

function said(sentMs: number, id: string, channel = "a"): string {
  return `@id=${id};tmi-sent-ts=${sentMs};x=1 :u!u@u.tmi.twitch.tv PRIVMSG #${channel} :${id}`;
}

function all(lines: string[], options: PlaybackOptions = OPTIONS): TimedLine[] {
  const source = playback(lines, options);
  const played: TimedLine[] = [];
  for (let line = source.next(); line !== undefined; line = source.next()) played.push(line);
  return played;
}

test("playback moves times to now and keeps order and gaps", () => {
  const played = all([
    said(5_000, "one"),
    ":tmi.twitch.tv HOSTTARGET #b :c 1",
    said(6_500, "two", "b"),
    said(6_200, "late"),
    ":tmi.twitch.tv NOTICE #a :hi",
  ]);
  const start = OPTIONS.startUs;
  assert.deepEqual(
    played.map(({ timeUs, arrivalUs, channel }) => [
      (timeUs - start) / 1000,
      (arrivalUs - start) / 1000,
      channel,
    ]),
    [[0, 0, "a"], [0, 0, "b"], [1_500, 1_500, "b"], [1_200, 1_500, "a"], [1_500, 1_500, "a"]],
  );
  assert.equal(played[0]!.line, said(START_MS, "one"));
  assert.equal(played[3]!.line, said(START_MS + 1_200, "late"));
});

test("playback plays faster or slower, times and gaps alike", () => {
  const lines = [said(0, "one"), said(1_000, "two"), said(900, "three")];
  const times = (speed: number) =>
    all(lines, { ...OPTIONS, speed }).map(({ timeUs }) => (timeUs - OPTIONS.startUs) / 1000);
  assert.deepEqual(times(10), [0, 100, 90]);
  assert.deepEqual(times(0.5), [0, 2_000, 1_800]);
});

test("playback keeps lines apart that only their time told apart", () => {
  const clear = (ms: number) => `@tmi-sent-ts=${ms} :tmi.twitch.tv CLEARCHAT #a :u`;
  const played = all([clear(100), clear(103), clear(109)], { ...OPTIONS, speed: 100 });
  assert.equal(new Set(played.map(({ line }) => line)).size, 3);
  for (const { line, timeUs } of played) assert.equal(line, clear(timeUs / MILLISECOND_US));
});

test("playback keeps ids in its first pass and gives new ones that fit in later passes", () => {
  const id = "0123abcd-0000-4000-8000-000000000001";
  const lines = [
    said(0, id),
    `@id=99999999-0000-4000-8000-000000000002;reply-parent-msg-id=${id};tmi-sent-ts=10 :u!u@u PRIVMSG #a :re`,
  ];
  const played = all(lines, { ...OPTIONS, passes: 3 });
  assert.equal(played.length, 6);
  const idsOf = (line: string) => [...line.matchAll(/[a-z-]*id=([0-9a-f-]{36})/g)].map((m) => m[1]);
  assert.deepEqual(idsOf(played[0]!.line), [id]);
  const ids = [0, 2, 4].map((at) => idsOf(played[at]!.line)[0]);
  assert.equal(new Set(ids).size, 3);
  [1, 3, 5].forEach((at, pass) => assert.ok(idsOf(played[at]!.line).includes(ids[pass]!)));
  assert.ok(played.every(({ timeUs }, i) => i === 0 || timeUs > played[i - 1]!.timeUs));
});

test("playback leaves out what is not a channel's and says how much", () => {
  const source = playback([
    "PING :tmi.twitch.tv",
    ":tmi.twitch.tv 001 x :Welcome, GLHF!",
    "",
    "garbage",
    ":tmi.twitch.tv NOTICE * :Login authentication failed",
    `1567890.25 ${said(0, "received")}\r`,
  ], OPTIONS);
  assert.equal(source.skippedCount, 4);
  assert.equal(source.lineCount, 1);
  assert.deepEqual(source.channels, ["a"]);
  assert.equal(source.next()?.line, said(START_MS, "received"));
});

test("playback refuses what it cannot play", () => {
  assert.throws(() => playback(["PING :x"], OPTIONS), RangeError);
  assert.throws(() => playback([said(0, "x")], { ...OPTIONS, speed: 0 }), RangeError);
  assert.throws(() => playback([said(0, "x")], { ...OPTIONS, passes: Number.NaN }), RangeError);
});

test("playback plays a real capture whole, in its order", {
  skip: existsSync(CAPTURE) ? false : "the shared capture is not here",
}, () => {
  const lines = readFileSync(CAPTURE, "utf8").split("\n").filter((line) => line !== "");
  const played = all(lines, { ...OPTIONS, speed: 50 });
  assert.equal(played.length, 5_000);
  const withoutTime = (line: string) => line.replace(/tmi-sent-ts=\d+/, "");
  assert.deepEqual(played.map(({ line }) => withoutTime(line)), lines.map(withoutTime));
  assert.equal(new Set(played.map(({ line }) => line)).size, new Set(lines).size);
  assert.ok(played.every(({ arrivalUs }, i) => i === 0 || arrivalUs >= played[i - 1]!.timeUs));
});
