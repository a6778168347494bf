import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import fc from "fast-check";
import { decodeBatch, encodeBatch } from "../../src/core/batch/batch.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { BatchScanner } from "../../src/core/ordered/batch_scanner.ts";
import { mergeMinutes } from "../../src/core/merge/merge_batches.ts";
import { readBatch } from "../../src/core/merge/read_batch.ts";
import type { Micros } from "../../src/core/time.ts";
import { damagedLines } from "../core/scan/damaged_lines.ts";
import { goldenBatches, goldenMissing } from "../golden/golden_batches.ts";
import { batches } from "./colliding.ts";
import { LAWS_SEED } from "./fixed_seed.ts";

const RUNS = Number(process.env["LAWS_RUNS"] ?? 4_000);
const UTF8 = new TextEncoder();

const foreign = goldenMissing
  ? []
  : goldenBatches().flatMap(({ bytes }) =>
    new TextDecoder().decode(bytes).split("\n").slice(0, -1)
  );

/** Whether the scan calls `bytes` the normal form of its minute, when no other file has a part in it. */
function isNormal(bytes: Uint8Array, minuteUs: Micros, channel = "c", step = Infinity): boolean {
  const scanner = new BatchScanner(bytes, { channel, minuteUs });
  while (!scanner.isDone) scanner.scan(step);
  const { found } = scanner;
  if (found === undefined) return false;
  return found.isNormal(
    found.ranged.rangedEvents({ startUs: minuteUs, endUs: minuteUs + 60e6 - 1 }),
  ) && found.lineCount === linesOf(bytes).length;
}

/** The same by parsing. */
function isNormalSlowly(bytes: Uint8Array, minuteUs: Micros, channel = "c"): boolean {
  let messages: Message[];
  try {
    messages = decodeBatch(bytes);
  } catch {
    return false;
  }
  const minutes = readBatch(bytes).encodeMinutes();
  const [only] = minutes.values();
  return minutes.size === 1 && text(minutes.get(minuteUs) ?? new Uint8Array()) === text(bytes) &&
    text(only!) === text(bytes) && messages.every(({ params }) => params[0] === `#${channel}`);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function linesOf(bytes: Uint8Array): string[] {
  return text(bytes).split("\n").slice(0, -1);
}

/** Leaves out contents that always take the slow way. */
function usual(bytes: Uint8Array): Uint8Array {
  const lines = linesOf(bytes).filter((line) =>
    line.includes(`"params":["#c"`) && !line.includes("nknown")
  );
  return UTF8.encode(lines.map((line) => `${line}\n`).join(""));
}

const minutes = fc.tuple(
  fc.array(batches(LAWS_SEED, { foreign }), { minLength: 1, maxLength: 4 }),
  fc.nat(4),
).map(([inputs, dice]) =>
  mergeMinutes(inputs)
    .map(({ minuteUs, bytes }) => ({ minuteUs, bytes: dice === 0 ? bytes : usual(bytes) }))
    .filter(({ bytes }) => bytes.length > 0)
).filter((merged) => merged.length > 0).chain((merged) => fc.constantFrom(...merged));

test(`what a scan calls the normal form is that, whatever was done to it, ${RUNS} cases`, () => {
  let normal = 0;
  let odd = 0;
  const edited = minutes.chain(({ minuteUs, bytes }) => {
    const lines = linesOf(bytes);
    return fc.oneof(
      fc.constant(lines),
      fc.tuple(fc.nat(lines.length - 1), damagedLines(lines)).map(([at, line]) =>
        lines.with(at, line)
      ),
      fc.tuple(fc.nat(lines.length), fc.constantFrom(...lines)).map(([at, line]) =>
        lines.toSpliced(at, 0, line)
      ),
      fc.shuffledSubarray(lines, { minLength: 1 }),
    ).map((lines) => ({ minuteUs, bytes: UTF8.encode(lines.map((line) => `${line}\n`).join("")) }));
  });
  fc.assert(
    fc.property(edited, fc.integer({ min: 1, max: 400 }), ({ minuteUs, bytes }, step) => {
      const scanned = isNormal(bytes, minuteUs);
      assert.equal(isNormal(bytes, minuteUs, "c", step), scanned, "steps must not matter");
      if (scanned) normal++;
      if (isNormalSlowly(bytes, minuteUs)) odd += scanned ? 0 : 1;
      else assert.ok(!scanned, `called normal: ${text(bytes)}`);
    }),
    { numRuns: RUNS, seed: LAWS_SEED },
  );
  assert.ok(normal > RUNS / 10, `only ${normal} of ${RUNS} cases were called normal`);
  assert.ok(odd < normal, `${odd} normal forms took the slow way, ${normal} did not`);
});

const message: Message = {
  command: "PRIVMSG",
  host: "h.tmi.twitch.tv",
  params: ["#c", "hi"],
  sender: "s",
  tags: { id: "1", "tmi-sent-ts": "1568505660000" },
  user: "u",
  receivers: { "alpha.AbCdE.0": 1568505660.25 },
  time: 1568505660,
  time_range: 0,
};
const MINUTE_US = 1568505660e6;

test("a scan knows its channel, its minute and the edges of both", () => {
  const at = (ms: number, params = ["#c", "hi"]): Uint8Array =>
    encodeBatch([{
      ...message,
      params,
      tags: { "tmi-sent-ts": `${ms}` },
      time: ms / 1000,
    }]);
  assert.ok(isNormal(at(1568505660_000), MINUTE_US));
  assert.ok(isNormal(at(1568505719_999), MINUTE_US));
  assert.ok(!isNormal(at(1568505659_999), MINUTE_US));
  assert.ok(!isNormal(at(1568505720_000), MINUTE_US));
  assert.ok(isNormal(at(1568505660_000, ["#c"]), MINUTE_US));
  assert.ok(!isNormal(at(1568505660_000, ["#cc"]), MINUTE_US));
  assert.ok(!isNormal(at(1568505660_000, []), MINUTE_US));
  assert.ok(!isNormal(at(1568505660_000), MINUTE_US, "cc"));
});

test("a scan refuses what is no whole batch", () => {
  const bytes = encodeBatch([message]);
  assert.ok(isNormal(bytes, MINUTE_US));
  assert.ok(!isNormal(bytes.slice(0, -1), MINUTE_US), "a last line without its line feed");
  assert.ok(!isNormal(new Uint8Array(), MINUTE_US), "no message");
  assert.ok(!isNormal(UTF8.encode(`${text(bytes)}\n`), MINUTE_US), "an empty line");
  const short = text(bytes).replace('"time_range":0.0', '"time_range":0');
  assert.ok(!isNormal(UTF8.encode(short), MINUTE_US), "a range as a merge of the reference has it");
});

test("a scan tells ids that are the same", () => {
  const withTags = (tags: Message["tags"], params = ["#c", "hi"]): Message => ({
    ...message,
    params,
    tags: { "tmi-sent-ts": "1568505660000", ...tags },
  });
  const ranged = (id: string): Message => ({
    ...message,
    command: "NOTICE",
    tags: { id },
    time_range: 1,
  });
  const quoting = ["#c", '"id":"1"'];
  const mayRepeat = (...messages: Message[]): boolean | undefined => {
    const scanner = new BatchScanner(encodeBatch(messages), { channel: "c", minuteUs: MINUTE_US });
    scanner.scan();
    return scanner.found?.mayRepeatId();
  };
  assert.equal(mayRepeat(withTags({ id: "1" }), withTags({ id: "1", a: "" })), true);
  assert.equal(mayRepeat(withTags({ id: "1" }), ranged("1")), true);
  assert.equal(mayRepeat(withTags({ id: "1" }), ranged("2")), false);
  assert.equal(mayRepeat(withTags({ id: "1" }), withTags({ id: "2" })), false);
  assert.equal(mayRepeat(withTags({ id: "1" }), withTags({ id: "2" }, quoting)), false);
  assert.equal(mayRepeat(withTags({ id: "" }), withTags({ id: "", a: "" })), false);
  assert.equal(mayRepeat(withTags({ id: 'a"b' }), withTags({ id: 'a"b', a: "" })), true);
  assert.equal(mayRepeat(withTags({ id: 'a"b' }), withTags({ id: 'a"c' })), false);
  assert.equal(mayRepeat(withTags({ xid: "1" }), withTags({ id: "1" })), false);
});
