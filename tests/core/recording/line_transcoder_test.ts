import assert from "node:assert/strict";
import { test } from "node:test";
import { contentOf } from "../../../src/core/batch/content.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { formatSeconds } from "../../../src/core/json/canonical_json.ts";
import { LineBytes } from "../../../src/core/recording/line_bytes.ts";
import { LineTranscoder } from "../../../src/core/recording/line_transcoder.ts";
import { SECOND_US } from "../../../src/core/time.ts";

const NOW_US = 1_785_587_640 * SECOND_US;
const RECEIVER_KEY = `"n.AbCdE.0":`;

interface Times {
  readonly receivedUs?: number;
  readonly sentUs?: number;
  readonly receiverKey?: string;
}

/** The line of a batch that a transcoder writes; `undefined` if it leaves it to the general way. */
function transcode(line: string, times: Times = {}, transcoder = new LineTranscoder()) {
  const { receivedUs = NOW_US, sentUs = NOW_US, receiverKey = RECEIVER_KEY } = times;
  const out = new LineBytes();
  const fields = { receiverKey: new TextEncoder().encode(receiverKey), receivedUs, sentUs };
  const isDone = transcoder.transcode(line, out, fields);
  if (!isDone) assert.equal(out.length, 0, "a line that was left alone was written in part");
  return isDone ? new TextDecoder().decode(out.bytes.subarray(0, out.length)) : undefined;
}

/** The same line of a batch, written the general way. */
function plainly(line: string, times: Times = {}): string {
  const { receivedUs = NOW_US, sentUs = NOW_US, receiverKey = RECEIVER_KEY } = times;
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok);
  const { a, b, c, d } = contentOf(parsed.message);
  return `${a}{${receiverKey}${formatSeconds(receivedUs)}}${b}${
    formatSeconds(sentUs)
  }${c}0.0${d}\n`;
}

const USUAL = [
  "@a=1 :n!u@h PRIVMSG #c :hi",
  "@a=1;b=2;c= :n!u@h PRIVMSG #c :hi",
  "@a= :n!u@h PRIVMSG #c :hi",
  "@a=1=2 :n!u@h PRIVMSG #c :hi",
  // A key that begins another comes first, whatever sign is next: `-` sorts before `=`.
  "@a=1;a-b=2;aa=3;b=4 :n!u@h PRIVMSG #c :hi",
  "@A=1;a=2 :n!u@h A #c :hi",
  "@a=1 :n!u@h Z #c :hi",
  "@a=1 :!@ Z #c :hi",
  "@a=1 :n!u@h PRIVMSG #c :",
  "@a=1 :n!u@h PRIVMSG #c ::",
  "@a=1 :n!u@h PRIVMSG c :a :b ",
  '@a=1 :n!u@h PRIVMSG #c :say "hi" \\ \x01\t\x7f',
  "@a=1 :n!u@h PRIVMSG #c :naïve 日本 🤡",
  "@a=1 :n!u@h PRIVMSG #c :plain, then é and plain again",
  // A byte order mark is text like any other.
  "@a=1 :n!u@h PRIVMSG #c :\ufeff",
  "@a=1 :n!u@h PRIVMSG #c :a\ufeff\ufeffb",
];

test("LineTranscoder writes the usual lines as the general way does", () => {
  for (const line of USUAL) assert.equal(transcode(line), plainly(line), line);
});

test("LineTranscoder leaves every other shape to the general way", () => {
  const unusual = [
    // No tags, or none that are plain fields in order.
    ":n!u@h PRIVMSG #c :hi",
    "a=1 :n!u@h PRIVMSG #c :hi",
    "@ :n!u@h PRIVMSG #c :hi",
    "@a :n!u@h PRIVMSG #c :hi",
    "@=1 :n!u@h PRIVMSG #c :hi",
    "@a=1; :n!u@h PRIVMSG #c :hi",
    "@;a=1 :n!u@h PRIVMSG #c :hi",
    "@a=1;b :n!u@h PRIVMSG #c :hi",
    "@a;b=1 :n!u@h PRIVMSG #c :hi",
    "@a=1;=2 :n!u@h PRIVMSG #c :hi",
    "@a=1;a=2 :n!u@h PRIVMSG #c :hi",
    "@b=1;a=2 :n!u@h PRIVMSG #c :hi",
    "@aa=1;a=2 :n!u@h PRIVMSG #c :hi",
    "@a-b=1;a=2 :n!u@h PRIVMSG #c :hi",
    "@a=1;c=2;b=3 :n!u@h PRIVMSG #c :hi",
    '@a"=1 :n!u@h PRIVMSG #c :hi',
    '@a="1 :n!u@h PRIVMSG #c :hi',
    "@a=\\s :n!u@h PRIVMSG #c :hi",
    "@a=é :n!u@h PRIVMSG #c :hi",
    "@a=1;é=2 :n!u@h PRIVMSG #c :hi",
    // No whole sender.
    "@a=1 n!u@h PRIVMSG #c :hi",
    "@a=1  :n!u@h PRIVMSG #c :hi",
    "@a=1 :n@h PRIVMSG #c :hi",
    "@a=1 :n!u PRIVMSG #c :hi",
    "@a=1 :n@h!u PRIVMSG #c :hi",
    "@a=1 :n!u!v@h PRIVMSG #c :hi",
    "@a=1 :n!u@v@h PRIVMSG #c :hi",
    "@a=1 :n!u@h!v PRIVMSG #c :hi",
    '@a=1 :n"!u@h PRIVMSG #c :hi',
    "@a=1 :n!u\\@h PRIVMSG #c :hi",
    "@a=1 :n!u@hé PRIVMSG #c :hi",
    // No plain command with one target and a text.
    "@a=1 :n!u@h  PRIVMSG #c :hi",
    "@a=1 :n!u@h privmsg #c :hi",
    "@a=1 :n!u@h @RIVMSG #c :hi",
    "@a=1 :n!u@h PRIVMS[ #c :hi",
    "@a=1 :n!u@h 372 #c :hi",
    "@a=1 :n!u@h PRIVMSG  #c :hi",
    "@a=1 :n!u@h PRIVMSG #c  :hi",
    "@a=1 :n!u@h PRIVMSG #c hi",
    "@a=1 :n!u@h PRIVMSG #c x :hi",
    "@a=1 :n!u@h PRIVMSG :#c :hi",
    "@a=1 :n!u@h PRIVMSG #c! :hi",
    '@a=1 :n!u@h PRIVMSG #" :hi',
    "@a=1 :n!u@h PRIVMSG #c ",
    "@a=1 :n!u@h PRIVMSG #c",
    "@a=1 :n!u@h PRIVMSG",
    "@a=1 :",
    "@a=1",
    "@",
    "",
    // Half a surrogate pair.
    "@a=1 :n!u@h PRIVMSG #c :\ud83e",
    "@a=1 :n!u@h PRIVMSG #c :é\udd21",
  ];
  for (const line of unusual) assert.equal(transcode(line), undefined, line);
});

test("LineTranscoder takes nothing of a line before for a part of a shorter one", () => {
  const whole = "@a=1;b=2 :nick!user@host PRIVMSG #channel :some text";
  const transcoder = new LineTranscoder();
  for (let length = 0; length < whole.length; length++) {
    assert.equal(transcode(whole, {}, transcoder), plainly(whole));
    const line = whole.slice(0, length);
    const written = transcode(line, {}, transcoder);
    if (length <= whole.indexOf(" :some") + 1) assert.equal(written, undefined, line);
    else assert.equal(written, plainly(line), line);
  }
});

test("LineTranscoder adds a line behind those that are there", () => {
  const out = new LineBytes();
  const transcoder = new LineTranscoder();
  const receiverKey = new TextEncoder().encode(RECEIVER_KEY);
  const fields = { receiverKey, receivedUs: NOW_US, sentUs: NOW_US };
  const [first, second] = USUAL as [string, string];
  for (const line of [first, "@a :unusual", second]) transcoder.transcode(line, out, fields);
  const text = new TextDecoder().decode(out.bytes.subarray(0, out.length));
  assert.equal(text, plainly(first) + plainly(second));
});

test("LineTranscoder writes lines of up to 5,461 signs, whatever they are", () => {
  const start = "@a=1 :n!u@h PRIVMSG #c :";
  for (const sign of ["x", "日", "\x01", "\x7f", '"']) {
    const longest = start + sign.repeat(5_461 - start.length);
    // A key that leaves no room to spare.
    const receiverKey = `"${"k".repeat(5_000)}":`;
    assert.equal(transcode(longest, { receiverKey }), plainly(longest, { receiverKey }), sign);
    assert.equal(transcode(`${longest}x`), undefined);
  }
  // Nothing grows more than tags of one letter.
  const tags = Array.from({ length: 26 }, (_, i) => `${String.fromCharCode(97 + i)}=`).join(";");
  const line = `@${tags} :n!u@h PRIVMSG #c :`;
  assert.equal(transcode(line), plainly(line));
});

test("LineTranscoder writes times as the general way does, but those before 1970 was a second old", () => {
  const line = USUAL[0]!;
  const fractions = [0, 1, 9, 10, 99_999, 100_000, 123_456, 999_999];
  const seconds = [1, 2, 9, 10, 11, 99, 100, 101, 999_999_999, 1_000_000_000, 2 ** 32 - 1];
  for (const second of seconds) {
    for (const fraction of fractions) {
      const us = second * SECOND_US + fraction;
      assert.equal(transcode(line, { sentUs: us }), plainly(line, { sentUs: us }), `${us}`);
      assert.equal(transcode(line, { receivedUs: us }), plainly(line, { receivedUs: us }), `${us}`);
    }
  }
  for (const us of [0, 1, 99, 100, 999_999]) {
    assert.equal(transcode(line, { sentUs: us }), undefined);
    assert.equal(transcode(line, { receivedUs: us }), undefined);
  }
});
