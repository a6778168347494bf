import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { formatEntry, type JournalEntry } from "../../../src/engine/journal/entry.ts";
import { loadBatch } from "../../../src/engine/read/files/load_batch.ts";
import { importCapture } from "../../../src/engine/import/import_capture.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { chance, intBelow, pick, pickWeighted } from "../../../src/testing/chance/seeded_random.ts";
import { type SeededRandom, seededRandom } from "../../../src/testing/chance/seeded_random.ts";

// A sample; HOSTILE_SEEDS asks for more.
const SEEDS = Number(process.env["HOSTILE_SEEDS"] ?? 150);
const hasher = await wasmHasher();

test("importCapture makes readable files in normal form of any capture, and the same ones again", async () => {
  let batches = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(`hostile ${seed}`);
    const text = chance(random, 0.3) ? hostileJournal(random) : hostileCapture(random);
    const store = memoryStore();
    const keys = await importText(text, store);
    batches += keys.length;
    for (const key of keys) {
      const loaded = await loadBatch(key, { store, hasher, isRedacted: undefined });
      assert.ok(loaded?.ok, `seed ${seed}: ${key} ${JSON.stringify(loaded)}`);
      const set = new SightingSet();
      set.add(loaded.bytes, { key });
      const normal = [...set.encodeMinutes()];
      assert.equal(normal.length, 1, `seed ${seed}: several minutes in ${key}`);
      assert.deepEqual(text16(normal[0]![1]), text16(loaded.bytes), `seed ${seed}: ${key}`);
    }
    assert.deepEqual(await importText(text, store), keys, `seed ${seed}: another time`);
  }
  assert.ok(batches > SEEDS, "hardly anything was taken in");
});

function text16(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function importText(text: string, store: BatchStore): Promise<string[]> {
  const capture = {
    name: "hostile",
    async *open() {
      yield await Promise.resolve(new TextEncoder().encode(text));
    },
  };
  try {
    await importCapture(capture, { store, hasher, reporter: noopReporter });
  } catch (error) {
    if (!(error instanceof ChatloomError)) throw error;
    assert.equal(error.code, "INPUT_UNREADABLE");
  }
  const keys: string[] = [];
  for await (const key of store.list("")) keys.push(key);
  return keys;
}

function hostileCapture(random: SeededRandom): string {
  const isTimed = chance(random, 0.6);
  const lines = Array.from({ length: 1 + intBelow(random, 40) }, () => {
    const line = hostileLine(random);
    return isTimed && chance(random, 0.9) ? `${hostileTime(random)} ${line}` : line;
  });
  return lines.join(chance(random, 0.5) ? "\n" : "\r\n");
}

function hostileJournal(random: SeededRandom): string {
  const connections = chance(random, 0.5) ? [] : [{
    n: pick(random, [0, 1, 2]),
    moment: { receivedUs: pick(random, [-1, 0, 2 ** 52]), elapsedUs: 0 },
    last: pick(random, [undefined, { sentUs: pick(random, [-5, 0, 2 ** 52]), elapsedUs: 0 }]),
    channels: ["forsen", "../etc", "__proto__"],
  }];
  const run = pick(random, ["node.AbCdE", "", '"\n\\', "x".repeat(10_000), "__proto__"]);
  const entries: JournalEntry[] = [{
    kind: "checkpoint",
    checkpoint: { run, serverClock: undefined, connections },
  }];
  const time = () =>
    Math.abs(Math.round(Number(/^[\d.]+/.exec(hostileTime(random))?.[0] ?? 0) * 1e6));
  let elapsedUs = 0;
  for (let left = intBelow(random, 30); left > 0; left--) {
    const n = intBelow(random, 3);
    const moment = { receivedUs: time(), elapsedUs: elapsedUs += intBelow(random, 3e7) };
    const kind = pickWeighted(random, { line: 20, piece: 1, open: 2, close: 2, batch: 2 });
    if (kind === "line" || kind === "piece") {
      entries.push({ kind, n, moment, line: hostileLine(random).replaceAll("\n", "") });
    } else if (kind === "batch") {
      const minuteUs = 1_785_587_640_000_000 + intBelow(random, 3) * 60e6;
      entries.push({ kind, id: intBelow(random, 5), channel: "forsen", minuteUs });
    } else entries.push({ kind, n, moment });
  }
  return entries.map(formatEntry).join("");
}

const TIMES = [
  "1785587640.5",
  "1785587699.999999",
  "1785587640500",
  "2026-08-01T12:34:59.999999Z",
  "[2026-08-01 12:34:56]",
  "2026-08-01T12:34:56-11:30",
  "0000000000",
  "4294967295.999999",
  "4294967296",
  "999999999",
  "2026-13-45T99:99:99Z",
  "1785591300",
];

function hostileTime(random: SeededRandom): string {
  return chance(random, 0.7)
    ? `17855876${10 + intBelow(random, 80)}.${intBelow(random, 1e6)}`
    : pick(random, TIMES);
}

const CHANNELS = ["#forsen", "#forsen", "#forsen", "#ada", "#__proto__", "#Forsen", "#", "forsen"];
const MORE_CHANNELS = ["#../etc", "#a/b", "#con", "#x\u0000", `#${"y".repeat(65)}`, "*", "#é"];
const SENTS = [
  "1785587640000",
  "1785587699999",
  "0",
  "4294967295999",
  "4294967296000",
  "-1",
  "",
  "1e3",
];
const TEXTS = [
  "hi",
  "",
  " ",
  "\u0001ACTION waves\u0001",
  "\ud83d\ude00",
  "\u007f\u2028\ufeff",
  '"receivers":{"x":1}',
  "\\",
];

function hostileLine(random: SeededRandom): string {
  const channel = pick(random, chance(random, 0.85) ? CHANNELS : MORE_CHANNELS);
  const text = chance(random, 0.02) ? "\ud83d\ude00".repeat(16_000) : pick(random, TEXTS);
  const sender = pick(random, ["ada", "bob", "", "__proto__", "!@"]);
  const kind = pickWeighted(random, {
    PRIVMSG: 30,
    JOIN: 20,
    PART: 10,
    NOTICE: 10,
    ROOMSTATE: 15,
    "001": 2,
    CLEARCHAT: 5,
    junk: 5,
  });
  const from = `:${sender}!${sender}@${sender}.tmi.twitch.tv`;
  switch (kind) {
    case "001":
      return ":tmi.twitch.tv 001 justinfan1 :Welcome, GLHF!";
    case "junk":
      return pick(random, ["", "\r", ":", "@", "@ :", "\u0000", "@a=b", ": PRIVMSG", "PRIVMSG"]);
    case "JOIN":
    case "PART":
      return `${from} ${kind} ${channel}`;
    case "NOTICE":
    case "ROOMSTATE":
      return `@msg-id=slow;room-id=1 :tmi.twitch.tv ${kind} ${channel} :${text}`;
    default: {
      const sent = chance(random, 0.7)
        ? `178558764${intBelow(random, 10)}${intBelow(random, 1000)}`
        : pick(random, SENTS);
      const tags = [
        `id=${intBelow(random, 4)}`,
        `tmi-sent-ts=${sent}`,
        "a=\\s\\:\\q\\",
        "a=2",
        "__proto__=x",
      ];
      return `@${
        tags.filter(() => chance(random, 0.8)).join(";")
      } ${from} ${kind} ${channel} :${text}`;
    }
  }
}
