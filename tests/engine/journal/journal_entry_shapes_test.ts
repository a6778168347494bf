import assert from "node:assert/strict";
import { test } from "node:test";
import { type Checkpoint, parseEntry } from "../../../src/engine/journal/entry.ts";
import { freed, readEntries, splitAtLf } from "../../../src/engine/journal/read_journal.ts";
import { collect } from "../../../src/testing/suites/suite.ts";

const MOMENT = { receivedUs: 1_785_587_645_500_000, elapsedUs: 1_500_000 };
const CONNECTION = {
  n: 3,
  moment: MOMENT,
  last: { sentUs: 5, elapsedUs: 6 },
  unreadUs: 7,
  channels: ["a"],
  confirmed: [["b", 8]],
};
const CLOCK = {
  last: { sentUs: 5, elapsedUs: 6 },
  limitUs: 1,
  wallOffsetUs: 2,
  wallOffsetMaxUs: 3,
  doubted: { timestamp: { sentUs: 5, elapsedUs: 6 }, count: 2 },
};
const CHECKPOINT = {
  run: "node.AbCdE",
  serverClock: { sentUs: 5, elapsedUs: 6 },
  clock: CLOCK,
  connections: [CONNECTION],
  listening: { nicks: [[3, "me"]], stays: [[3, "a", 1, 2, 1]] },
};

function checkpointOf(fields: object): Checkpoint | undefined {
  const entry = parseEntry(`# chatloom journal 1 ${JSON.stringify(fields)}`);
  return entry?.kind === "checkpoint" ? entry.checkpoint : undefined;
}

test("parseEntry reads a checkpoint with all or few of its fields", () => {
  assert.deepEqual(checkpointOf(CHECKPOINT), CHECKPOINT);
  const bare = { run: "n", connections: [{ n: 1, moment: MOMENT, channels: [] }] };
  assert.deepEqual(checkpointOf(bare), bare);
  assert.deepEqual(checkpointOf({ ...bare, clock: {} }), { ...bare, clock: {} });
});

test("parseEntry takes no checkpoint in which anything is of another kind", () => {
  const without = (record: object, field: string): object =>
    Object.fromEntries(Object.entries(record).filter(([key]) => key !== field));
  const withConnection = (fields: object) => ({
    ...CHECKPOINT,
    connections: [CONNECTION, { ...CONNECTION, ...fields }],
  });
  const withClock = (fields: object) => ({ ...CHECKPOINT, clock: { ...CLOCK, ...fields } });
  const wrong: object[] = [
    without(CHECKPOINT, "run"),
    without(CHECKPOINT, "connections"),
    { ...CHECKPOINT, run: 1 },
    { ...CHECKPOINT, serverClock: 5 },
    { ...CHECKPOINT, serverClock: { sentUs: 5 } },
    { ...CHECKPOINT, serverClock: { sentUs: "5", elapsedUs: 6 } },
    { ...CHECKPOINT, connections: {} },
    { ...CHECKPOINT, connections: [null] },
    { ...CHECKPOINT, listening: 5 },
    { ...CHECKPOINT, listening: { nicks: [], stays: [[3, "#a", 1, 2, 1]] } },
    withConnection({ n: 1.5 }),
    withConnection({ n: "1" }),
    withConnection({ moment: null }),
    withConnection({ moment: { receivedUs: 1 } }),
    withConnection({ moment: { elapsedUs: 1 } }),
    withConnection({ last: {} }),
    withConnection({ unreadUs: "1" }),
    withConnection({ channels: "a" }),
    withConnection({ channels: [1] }),
    withConnection({ channels: ["a", "../up"] }),
    withConnection({ confirmed: {} }),
    withConnection({ confirmed: ["b"] }),
    withConnection({ confirmed: [["b"]] }),
    withConnection({ confirmed: [["#b", 8]] }),
    withConnection({ confirmed: [[8, 8]] }),
    withConnection({ confirmed: [["b", 8], ["c", "8"]] }),
    withClock({ last: { elapsedUs: 6 } }),
    withClock({ limitUs: "1" }),
    withClock({ wallOffsetUs: 0.5 }),
    withClock({ wallOffsetMaxUs: [] }),
    withClock({ doubted: 2 }),
    withClock({ doubted: { count: 2 } }),
    withClock({ doubted: { timestamp: { sentUs: 5, elapsedUs: 6 } } }),
    withClock({ doubted: { timestamp: { sentUs: 5 }, count: 2 } }),
  ];
  for (const fields of wrong) assert.equal(checkpointOf(fields), undefined, JSON.stringify(fields));
});

test("parseEntry tells the kinds apart, and leaves what is nearly one of them", () => {
  const moment = { receivedUs: 1_785_587_645_500_000, elapsedUs: 1_500_000 };
  const tiny = { receivedUs: 1_785_587_645_500_000, elapsedUs: 15 };
  const good: [text: string, entry: unknown][] = [
    ["1785587645.5 1.5 12 ", { kind: "line", n: 12, moment, line: "" }],
    ["1785587645.5 1.5e-05 0 x y", { kind: "line", n: 0, moment: tiny, line: "x y" }],
    ["~ 1785587645.5 1.5 12 x", { kind: "piece", n: 12, moment, line: "x" }],
    ["+ 1785587645.5 1.5 12", { kind: "open", n: 12, moment }],
    ["- 1785587645.5 1.5 12", { kind: "close", n: 12, moment }],
    ["! 60.0 7 a_b", { kind: "batch", id: 7, channel: "a_b", minuteUs: 60_000_000 }],
    ["= 7", { kind: "stored", id: 7 }],
    ["* 60.0 a_b {}", { kind: "kept", channel: "a_b", minuteUs: 60_000_000, line: "{}" }],
  ];
  for (const [text, entry] of good) assert.deepEqual(parseEntry(text), entry, text);
  const bad = [
    "1785587645.5 1.5 12",
    "17855876451.5 1.5 12 x",
    "1785587645.5 1.5 1234567890 x",
    "~ 1785587645.5 1.5 x",
    "+ 1785587645.5 1.5 12 ",
    "+ 1785587645.5 1.5",
    "! 60.0 7",
    "! 60.0 x a_b",
    "! 60.0 7 a b",
    "= ",
    "= 1234567890123456",
    "* 60.0 a_b x",
    "* 60.0 A {}",
    "#",
  ];
  for (const text of bad) assert.equal(parseEntry(text), undefined, text);
});

async function* piecesOf(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    yield typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    await Promise.resolve();
  }
}

async function linesOf(
  pieces: AsyncIterable<Uint8Array>,
): Promise<[text: string, isTorn: boolean][]> {
  const lines = await collect(splitAtLf(pieces));
  return lines.map(({ bytes, isTorn }) => [new TextDecoder().decode(bytes), isTorn]);
}

test("splitAtLf gives each line once, empty ones too, and a last one without line feed as torn", async () => {
  assert.deepEqual(await linesOf(piecesOf("a\n", "\nb", "", "c\nd")), [
    ["a", false],
    ["", false],
    ["bc", false],
    ["d", true],
  ]);
  assert.deepEqual(await linesOf(piecesOf("a\n")), [["a", false]]);
  assert.deepEqual(await linesOf(piecesOf()), []);
});

test("splitAtLf keeps what it holds when the caller frees the pieces", async () => {
  const pieces = ["one", "two\nthr", "ee\n"].map((text) => new TextEncoder().encode(text));
  const lines = await linesOf((async function* () {
    for (const piece of pieces) {
      yield piece;
      await Promise.resolve();
      piece.fill(0);
    }
  })());
  assert.deepEqual(lines, [["onetwo", false], ["three", false]]);
});

test("splitAtLf cuts a line that is longer than 16 MiB, and goes on behind", async () => {
  const half = new Uint8Array(8 * 1_024 * 1_024).fill(0x61);
  const whole = await collect(splitAtLf(piecesOf(half, half, "\nb\n")));
  assert.deepEqual(whole.map(({ bytes, isTorn }) => [bytes.length, isTorn]), [
    [16 * 1_024 * 1_024, false],
    [1, false],
  ]);
  const cut = await collect(splitAtLf(piecesOf(half, half, "c", "d\nb\n")));
  assert.deepEqual(cut.map(({ bytes, isTorn }) => [bytes.length, isTorn]), [
    [16 * 1_024 * 1_024 + 1, true],
    [1, false],
    [1, false],
  ]);
});

test("readEntries takes no line that is not UTF-8 for an entry, nor a torn one that looks like one", async () => {
  const entries = await collect(
    readEntries(
      piecesOf("= 1\n", Uint8Array.of(0x3d, 0x20, 0xff, 0x0a), "= 2\n", "\ufeff= 4\n", "= 3"),
    ),
  );
  assert.deepEqual(
    entries.map((each) => each.ok ? each.entry : [each.bytes.length, each.isTorn]),
    [{ kind: "stored", id: 1 }, [3, false], { kind: "stored", id: 2 }, [6, false], [3, true]],
  );
});

test("readEntries takes no line of chat that is not UTF-8, whatever is wrong in it", async () => {
  const front = new TextEncoder().encode("1785587645.5 1.5 3 x");
  const good = Uint8Array.of(...front, 0xc3, 0xa9, 0x0a);
  const bad = Uint8Array.of(...front, 0xff, 0x0a);
  const read = await collect(readEntries(piecesOf(good, bad, good)));
  assert.deepEqual(read.map(({ ok }) => ok), [true, false, true]);
});

// Node 20 cannot free a buffer.
const skip = "transfer" in ArrayBuffer.prototype
  ? false
  : "this runtime has no transfer of buffers";

test("freed gives back the memory of each piece when the next is asked for, or none", {
  skip,
}, async () => {
  const pieces = [1, 2, 3].map((length) => new Uint8Array(length).fill(length));
  const lengths = (): number[] => pieces.map(({ length }) => length);
  const reading = freed(piecesOf(...pieces));
  assert.deepEqual((await reading.next()).value, Uint8Array.of(1));
  assert.deepEqual(lengths(), [1, 2, 3]);
  await reading.next();
  assert.deepEqual(lengths(), [0, 2, 3]);
  await reading.return();
  assert.deepEqual(lengths(), [0, 0, 3]);
});
