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
