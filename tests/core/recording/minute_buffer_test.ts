import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { nodeCompressor } from "../../../src/adapters/compressors/node_compressor.ts";
import { contentOf, sentUs } from "../../../src/core/batch/content.ts";
import type { ByteCompressor } from "../../../src/core/recording/byte_compressor.ts";
import { MinuteBuffer } from "../../../src/core/recording/minute_buffer.ts";
import { LaterTimestamps } from "../../../src/core/recording/later_timestamps.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { SECOND_US, toSeconds } from "../../../src/core/time.ts";
import {
  intBelow,
  pick,
  type SeededRandom,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "heard";
const BASE_US = 1_785_587_640 * SECOND_US;

/** Puts lines into a batch, and into a set the plain way; both must encode to the same bytes. */
function assertSameBytes(
  lines: readonly string[],
  { receivers, random }: { readonly receivers: readonly string[]; readonly random: SeededRandom },
): number {
  const batch = new MinuteBuffer();
  const set = new SightingSet();
  let receivedUs = BASE_US;
  for (const line of lines) {
    const parsed = parseIrcLine(line);
    if (!parsed.ok) continue;
    const { message } = parsed;
    const receiver = pick(random, receivers);
    receivedUs += intBelow(random, 3) * 500_000 + 1;
    const receivedS = toSeconds(receivedUs);
    const exactUs = sentUs(message.tags);
    const content = contentOf(message);
    if (exactUs !== undefined) {
      batch.addExact(message, exactUs, { line, receiver, receivedUs });
      const range = { startUs: exactUs, endUs: exactUs };
      set.addSighting(content, { receiver, receivedS, ...range, sentUs: exactUs });
    } else {
      const startUs = BASE_US + intBelow(random, 5) * 250_000;
      const range = { startUs, endUs: startUs + intBelow(random, 9) * 500_000 };
      const later = new LaterTimestamps().join();
      batch.addRanged(message, { range, later }, { line, receiver, receivedUs });
      set.addSighting(content, { receiver, receivedS, ...range, sentUs: undefined });
    }
  }
  const { bytes, lineCount } = batch.encode();
  const text = new TextDecoder().decode(bytes);
  assert.equal(text, new TextDecoder().decode(set.encode()), `replay with SIM_SEED=${SEED}`);
  assert.equal(lineCount, text.split("\n").length - 1);
  return batch.messageCount;
}

const folder = new URL("../../../../shared/data/lines/", import.meta.url);
const skip = existsSync(folder) ? false : `${folder.pathname} is missing`;

test("MinuteBuffer encodes real lines as a set of their sightings does", { skip }, () => {
  const random = seededRandom(SEED);
  for (const name of readdirSync(folder)) {
    const lines = readFileSync(new URL(name, folder), "utf8").split("\n");
    assertSameBytes(lines, { receivers: ["alpha.AbCdE.0"], random });
    assertSameBytes(lines, { receivers: ["alpha.AbCdE.0", "alpha.AbCdE.1"], random });
  }
});

// Pieces that the fast way must either write as the plain way does, or leave to it.
const TAGS = ["a=1", "b=", "b=2=3", "aa=x", "B=y", "c=é", 'd="', "e=\\s", "=f", "f", "", "g=\x7f"];
const PREFIXES = [":n!u@h", ":n@h", ":n!u", ":!@", ":n!u!v@h", ":n!u@v@h", ":s.tv", ":é!u@h", ""];
const COMMANDS = ["PRIVMSG", "privmsg", "CLEARMSG", "JOIN", "372"];
const TARGETS = ["#c", "#c x", ":#c", "", "#c!", "  #c"];
const TEXTS = [
  " :hi",
  " : ",
  " :",
  "",
  " hi",
  " :a :b",
  ' :"',
  " :\\",
  " :👋 zalgo̷",
  " :\x01ACTION\x01",
];

test("MinuteBuffer encodes lines of every shape as a set of their sightings does", () => {
  const random = seededRandom(SEED);
  let count = 0;
  for (let i = 0; i < 3_000; i++) {
    const lines = Array.from({ length: intBelow(random, 6) }, () => {
      const tags = Array.from({ length: intBelow(random, 4) }, () => pick(random, TAGS));
      // Few instants, so that equal messages meet.
      const sent = pick(random, [
        `tmi-sent-ts=${BASE_US / 1000 + intBelow(random, 3)}`,
        "tmi-sent-ts=x",
      ]);
      const all = [...tags, sent, ...(random.next() < 0.2 ? [pick(random, TAGS)] : [])];
      const rest = pick(random, PREFIXES) + pick(random, [" ", "  "]) + pick(random, COMMANDS) +
        " " +
        pick(random, TARGETS) + pick(random, TEXTS);
      return `@${all.join(";")} ${rest}`;
    });
    const receivers = pick(random, [["n.AbCdE.0"], ["n.AbCdE.0"], ["n.AbCdE.0", "n.AbCdE.1"]]);
    count += assertSameBytes([...lines, ...lines.slice(0, 1)], { receivers, random });
  }
  assert.ok(count > 5_000);
});

test("MinuteBuffer encodes once, and the same whenever it is asked", () => {
  const batch = new MinuteBuffer();
  const line = `@id=1;tmi-sent-ts=${BASE_US / 1000} :n!u@h PRIVMSG #c :hi`;
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok);
  batch.addExact(parsed.message, BASE_US, { line, receiver: "n.AbCdE.0", receivedUs: BASE_US });
  const first = batch.encode();
  assert.equal(batch.encode(), first);
  assert.deepEqual([...batch.commandCounts], [["PRIVMSG", 1]]);
});

/** Lines as a busy channel brings them, some of them ranged, heard by `receivers` connections. */
function busyMinute(
  receivers: number,
  count: number,
  compressor?: ByteCompressor,
): { batch: MinuteBuffer; held: number[] } {
  const random = seededRandom(SEED);
  const batch = new MinuteBuffer(compressor);
  const later = new LaterTimestamps();
  const held: number[] = [];
  for (let i = 0; i < count; i++) {
    const n = intBelow(random, receivers);
    const at = { receiver: `n.AbCdE.${n}`, receivedUs: BASE_US + i * 1_000 };
    const isRanged = random.next() < 0.2;
    const text = "x".repeat(intBelow(random, 200));
    const sent = BASE_US / 1000 + i;
    const line = isRanged
      ? `:u${i}!u${i}@u${i}.tmi.twitch.tv JOIN #c`
      : `@badges=;color=#1E90FF;display-name=User${i};id=${i};tmi-sent-ts=${sent} ` +
        `:u${i}!u${i}@u${i}.tmi.twitch.tv PRIVMSG #c :${text}`;
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    if (isRanged) {
      const range = { startUs: at.receivedUs, endUs: at.receivedUs + 10 * SECOND_US };
      batch.addRanged(parsed.message, { range, later: later.join() }, { ...at, line });
    } else {
      later.note(sent * 1000);
      batch.addExact(parsed.message, sent * 1000, { ...at, line });
    }
    held.push(batch.heldBytes);
  }
  return { batch, held };
}

test("MinuteBuffer holds at most twice what its lines take, and less once it is encoded", () => {
  const { batch, held } = busyMinute(1, 3_000);
  const lines = [...batch.lines()];
  const lineBytes = lines.reduce((sum, line) => sum + line.length + 1, 0);
  assert.ok(held.at(-1)! <= 2 * lineBytes, `${held.at(-1)} bytes held for ${lineBytes}`);
  assert.ok(held[0]! <= 2_048 + 2 * lines[0]!.length, `${held[0]} bytes held for one line`);
  for (let i = 1; i < held.length; i++) {
    assert.ok(held[i]! <= Math.max(held[i - 1]! + 66_000, 2 * held[i - 1]!), "it grows in leaps");
  }
  const { bytes } = batch.encode();
  assert.equal(batch.heldBytes, bytes.length);
});

test("MinuteBuffer with a compressor is the same batch, packed or not, in a part of the memory", () => {
  for (const receivers of [1, 3]) {
    const plain = busyMinute(receivers, 20_000);
    const { batch, held } = busyMinute(receivers, 20_000, nodeCompressor());
    assert.ok(4 * held.at(-1)! < plain.held.at(-1)!, `${held.at(-1)} of ${plain.held.at(-1)}`);
    assert.deepEqual([...batch.lines()], [...plain.batch.lines()]);
    const expected = new TextDecoder().decode(plain.batch.encode().bytes);
    for (let time = 0; time < 3; time++) {
      const { bytes, lineCount } = batch.encode();
      assert.equal(new TextDecoder().decode(bytes), expected, `replay with SIM_SEED=${SEED}`);
      assert.equal(lineCount, 20_000);
      batch.pack();
      assert.ok(4 * batch.heldBytes < expected.length, `${batch.heldBytes} of ${expected.length}`);
      assert.deepEqual([...batch.lines()].join("\n") + "\n", expected);
      assert.ok(4 * batch.heldBytes < expected.length, "asking for lines unpacked it for good");
    }
    batch.free();
    assert.equal(batch.heldBytes, 0);
  }
});

test("MinuteBuffer is compressed once, however often it is tried to store it", () => {
  let packed = 0;
  const inner = nodeCompressor();
  const compress = (bytes: Uint8Array) => (packed++, inner.compress(bytes));
  const { batch } = busyMinute(1, 5_000, { ...inner, compress });
  batch.encode();
  batch.pack();
  const before = packed;
  for (let time = 0; time < 5; time++) {
    batch.encode();
    batch.pack();
  }
  assert.ok(before > 20);
  assert.equal(packed, before);
});

test("MinuteBuffer unpacks each part of it a few times at most, however many lines tie", () => {
  const inner = nodeCompressor();
  let [packed, unpacked] = [0, 0];
  const compressor: ByteCompressor = {
    compress: (bytes) => (packed++, inner.compress(bytes)),
    decompress: (bytes, length) => (unpacked++, inner.decompress(bytes, length)),
  };
  const batch = new MinuteBuffer(compressor);
  const random = seededRandom(SEED);
  for (let i = 0; i < 20_000; i++) {
    const tags = `id=${intBelow(random, 1e9)};tmi-sent-ts=${BASE_US / 1000}`;
    const line = `@${tags} :n!u@h PRIVMSG #c :${"hi ".repeat(intBelow(random, 99))}`;
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    const at = { line, receiver: "n.AbCdE.0", receivedUs: BASE_US + i };
    batch.addExact(parsed.message, BASE_US, at);
  }
  assert.ok(packed > 50);
  batch.encode();
  // Sorted by text alone, the lines go from all over the batch to all over the file.
  assert.ok(unpacked <= 4 * packed, `${unpacked} times for ${packed} parts`);
});

test("MinuteBuffer made of another one's lines is the same batch", () => {
  for (const receivers of [1, 3]) {
    for (const isEncoded of [false, true]) {
      const { batch } = busyMinute(receivers, 500);
      if (isEncoded) batch.encode();
      const again = new MinuteBuffer();
      for (const line of batch.lines()) again.addLine(line);
      assert.deepEqual(again.commandCounts.get("JOIN"), batch.commandCounts.get("JOIN"));
      const [first, second] = [batch.encode(), again.encode()].map(({ bytes }) =>
        new TextDecoder().decode(bytes)
      );
      assert.equal(second, first, `replay with SIM_SEED=${SEED}`);
    }
  }
});
