import assert from "node:assert/strict";
import { test } from "node:test";
import { formatEntry, type JournalEntry, parseEntry } from "../../../src/engine/journal/entry.ts";
import { readEntries } from "../../../src/engine/journal/read_journal.ts";

const moment = { receivedUs: 1_785_587_645_678_901, elapsedUs: 12_345_678 };
const LINE = "@id=1 :n!u@h PRIVMSG #c :héllo \r 👋 ";

const ENTRIES: readonly JournalEntry[] = [
  {
    kind: "checkpoint",
    checkpoint: {
      run: "node.AbCdE",
      serverClock: { sentUs: 5, elapsedUs: 6 },
      connections: [{ n: 3, moment, last: undefined, channels: ["a", "b"] }],
    },
  },
  { kind: "open", n: 3, moment },
  { kind: "line", n: 3, moment, line: LINE },
  { kind: "line", n: 3, moment, line: "" },
  { kind: "line", n: 0, moment: { receivedUs: 5, elapsedUs: 0 }, line: "+ - ! # ~" },
  { kind: "line", n: 0, moment: { receivedUs: moment.receivedUs, elapsedUs: 15 }, line: "x" },
  { kind: "piece", n: 3, moment, line: "@half" },
  { kind: "batch", id: 7, channel: "a_b", minuteUs: 1_785_587_640_000_000 },
  { kind: "stored", id: 7 },
  { kind: "close", n: 3, moment },
];

test("parseEntry reads what formatEntry writes, one line each", () => {
  for (const entry of ENTRIES) {
    const text = formatEntry(entry);
    assert.ok(text.endsWith("\n") && text.indexOf("\n") === text.length - 1);
    if (entry.kind === "line" && entry.moment.receivedUs === 5) continue; // No clock shows 1970.
    assert.deepEqual(JSON.parse(JSON.stringify(parseEntry(text.slice(0, -1)))), plain(entry));
  }
});

test("parseEntry takes nothing else, and never throws", () => {
  const others = [
    "",
    "x",
    "1785587645.5 1.5",
    "1785587645.5 1.5 x line",
    "1785587645 1.5 0 line",
    "+ 1785587645.5 1.5",
    "! 1.0 7 UPPER",
    "= seven",
    "# chatloom journal 2 {}",
    "# chatloom journal 1 {",
    '# chatloom journal 1 {"run":1,"connections":[]}',
    '# chatloom journal 1 {"run":"a","connections":[{"n":1}]}',
  ];
  for (const text of others) assert.equal(parseEntry(text), undefined, text);
});

test("readEntries gives the same entries in whatever pieces they come, and keeps a torn end", async () => {
  const whole = new TextEncoder().encode(
    ENTRIES.map(formatEntry).join("") + "1785587645.5 1.5 0 to",
  );
  for (const size of [1, 2, 7, 64, whole.length]) {
    const found = [];
    const torn = [];
    for await (const read of readEntries(pieces(whole, size))) {
      if (read.ok) found.push(read.entry);
      else torn.push(new TextDecoder().decode(read.bytes), read.isTorn);
    }
    assert.equal(found.length, ENTRIES.length - 1);
    assert.deepEqual(torn.slice(-2), ["1785587645.5 1.5 0 to", true]);
  }
});

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
    await Promise.resolve();
  }
}
