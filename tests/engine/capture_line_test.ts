import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCaptureLine } from "../../src/engine/import/capture_line.ts";

const LINE = "@id=1;tmi-sent-ts=1785587645000 :ada!ada@ada PRIVMSG #forsen :hello";

function read(text: string): { line: string; receivedUs: number | undefined } {
  const { line, receivedUs } = parseCaptureLine(text);
  return { line, receivedUs };
}

test("parseCaptureLine takes a received time off, in every form it may have", () => {
  const receivedUs = 1_785_587_645_500_000;
  const fronts = [
    "1785587645.5 ",
    "1785587645,5 ",
    "1785587645500 ",
    "1785587645500.0 ",
    "1785587645500000 ",
    "1785587645500000999 ",
    "[1785587645.5] ",
    "2026-08-01T12:34:05.5Z ",
    "[2026-08-01 12:34:05.500] ",
    "[2026-08-01 12:34:05.500]\t",
    "2026-08-01T14:34:05.5+02:00 ",
    "2026-08-01T14:34:05.5+0200 ",
    "2026-08-01 12:34:05.5 +0000 ",
    "2026-08-01T10:34:05,500-02 ",
    "2026-08-01 12:34:05,500 UTC ",
    "2026/08/01 12:34:05.500\t",
    "2026-08-01 12:34:05,500 - chat.client - DEBUG - ",
    "INFO 2026-08-01 12:34:05,500 < ",
  ];
  for (const front of fronts) {
    assert.deepEqual(read(`${front}${LINE}`), { line: LINE, receivedUs }, front);
  }
  assert.deepEqual(read(`2026-08-01T12:34:05.123456789Z ${LINE}`), {
    line: LINE,
    receivedUs: 1_785_587_645_123_456,
  });
});

test("parseCaptureLine skips what a logger writes and tells no time", () => {
  const fronts = ["[12:34:05] ", "12:34:05.123\t", "\t", "< ", "recv: ", "9999999999999 ", "[x] '"];
  for (const front of fronts) {
    assert.deepEqual(read(`${front}${LINE}`), { line: LINE, receivedUs: undefined }, front);
  }
});

test("parseCaptureLine leaves a line of IRC as it is, whatever it says", () => {
  const lines = [
    LINE,
    "PING 123",
    "PING :tmi.twitch.tv",
    ":ada!ada@ada PRIVMSG #forsen :2026-08-01 12:34:05 @id=1 :b!b@b PRIVMSG #forsen :x",
    "no line :at all",
    "",
  ];
  for (const line of lines) assert.deepEqual(read(line), { line, receivedUs: undefined });
  assert.deepEqual(read(`${LINE}\r`), { line: LINE, receivedUs: undefined });
});

test("parseCaptureLine reads when a service that replays chat received a line", () => {
  const line = "@rm-received-ts=1785587645500;msg-id=x :tmi.twitch.tv NOTICE #forsen :hi";
  assert.equal(read(line).receivedUs, 1_785_587_645_500_000);
  assert.equal(read(line.replace("1785587645500", "soon")).receivedUs, undefined);
});

test("parseCaptureLine looks at the first 160 signs for the line behind what a logger writes", () => {
  const front = (length: number): string => "x".repeat(length - 2) + ": ";
  assert.equal(read(`${front(159)}${LINE}`).line, LINE);
  assert.equal(read(`${front(160)}${LINE}`).line, `${front(160)}${LINE}`);
});

test("parseCaptureLine takes the time for the front only if a line of IRC follows, or nothing is one", () => {
  assert.deepEqual(read("1785587645.5 PING :x"), {
    line: "PING :x",
    receivedUs: 1_785_587_645_500_000,
  });
  assert.deepEqual(read("1785587645.5 hello there"), {
    line: "hello there",
    receivedUs: 1_785_587_645_500_000,
  });
  assert.deepEqual(read(`1785587645.5 x ${LINE}`), {
    line: LINE,
    receivedUs: 1_785_587_645_500_000,
  });
  // A numeric of IRC, which is no time.
  assert.equal(read("001 me :hi").line, "001 me :hi");
});

test("parseCaptureLine tells the unit of a number by its digits", () => {
  for (
    const [number, receivedUs] of [
      ["999999999", 999_999_999_000_000],
      ["1785587645", 1_785_587_645_000_000],
      ["999999999999", 999_999_999_999_000],
      ["1785587645123", 1_785_587_645_123_000],
      ["999999999999999", 999_999_999_999_999],
      ["1785587645123456", 1_785_587_645_123_456],
      ["999999999999999999", 999_999_999_999_999],
      ["1785587645123456789", 1_785_587_645_123_456],
      ["1785587645.1234567890123", 1_785_587_645_123_456],
      ["1785587645123.4567", 1_785_587_645_123_456],
      ["4294967295", 4_294_967_295_000_000],
      ["4294967296", undefined],
    ] as const
  ) assert.equal(read(`${number} ${LINE}`).receivedUs, receivedUs, number);
});

test("parseCaptureLine takes no date that is none", () => {
  for (const date of ["2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "1969-12-31T23:59:59Z"]) {
    assert.deepEqual(read(`${date} ${LINE}`), { line: LINE, receivedUs: undefined }, date);
  }
  assert.equal(read(`1970-01-01T00:00:00Z ${LINE}`).receivedUs, 0);
  assert.equal(read(`2106-02-07T06:28:15.999999Z ${LINE}`).receivedUs, 4_294_967_295_999_999);
  assert.equal(read(`2106-02-07T06:28:16Z ${LINE}`).receivedUs, undefined);
});

test("parseCaptureLine believes a replaying service from one second after 1970 to the end of time", () => {
  const replayed = (ms: string): number | undefined =>
    read(`@rm-received-ts=${ms} :tmi NOTICE #forsen :hi`).receivedUs;
  assert.equal(replayed("999"), undefined);
  assert.equal(replayed("1000"), 1_000_000);
  assert.equal(replayed("4294967295999"), 4_294_967_295_999_000);
  assert.equal(replayed("4294967296000"), undefined);
  assert.equal(replayed("01785587645500"), undefined);
  // What stands in front was noted by who captured it.
  const line = "@rm-received-ts=1000 :tmi NOTICE #forsen :hi";
  assert.equal(read(`1785587645.5 ${line}`).receivedUs, 1_785_587_645_500_000);
});
