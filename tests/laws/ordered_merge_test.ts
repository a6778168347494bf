import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import fc from "fast-check";
import { encodeBatch } from "../../src/core/batch/batch.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { BatchScanner, type ScannedBatch } from "../../src/core/ordered/batch_scanner.ts";
import { mergeBatches } from "../../src/core/merge/merge_batches.ts";
import { readBatch } from "../../src/core/merge/read_batch.ts";
import { SightingSet } from "../../src/core/merge/sighting_set.ts";
import { includingOrdered, mergeOrdered, Scratch } from "../../src/core/ordered/merge_ordered.ts";
import type { OrderedLines } from "../../src/core/ordered/ordered_lines.ts";
import { runSteps } from "../../src/core/steps.ts";
import { damagedLines } from "../core/scan/damaged_lines.ts";
import { LAWS_SEED } from "./fixed_seed.ts";

const RUNS = Number(process.env["LAWS_RUNS"] ?? 2_000);
const UTF8 = new TextEncoder();
const MINUTE_S = 1568505660;
const MINUTE_US = MINUTE_S * 1e6;
const RECEIVERS = ["a,b", "alpha.AbCdE.0", "alpha.AbCdE.1", "beta.xYz12.0"];
const TEXTS = ["", "hi", "hi there, all of you", '"receivers":{"x":1}', "é\u{1f600}"];

// Few instants, texts, receivers and times, so that nearly all of it is there more than once.

const times = fc.nat(3).map((n) => MINUTE_S + 1 + n * 0.375);
const receivers = fc.dictionary(fc.constantFrom(...RECEIVERS), times, {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
});
const instants = fc.nat(5).map((n) => MINUTE_S * 1_000 + n * 250);

const exact = fc.record({ ms: instants, text: fc.constantFrom(...TEXTS), receivers }).map(
  ({ ms, text, receivers }): Message => ({
    command: "PRIVMSG",
    host: "h",
    params: ["#c", text],
    sender: "s",
    tags: { id: text, "tmi-sent-ts": `${ms}` },
    user: "u",
    receivers,
    time: ms / 1_000,
    time_range: 0,
  }),
);

const ranged = fc.record({
  ms: instants,
  length: fc.constantFrom(0, 0, 0.5, 3),
  user: fc.constantFrom("s", "t"),
  command: fc.constantFrom("JOIN", "PART", "PRIVMSG"),
  receivers,
}).map(({ ms, length, user, command, receivers }): Message => ({
  command,
  host: "h",
  params: ["#c"],
  sender: user,
  tags: null,
  user,
  receivers,
  time: ms / 1_000,
  time_range: length,
}));

/** Files of the minute in the normal form, as recorders write them. */
const file = fc.array(fc.oneof({ weight: 4, arbitrary: exact }, { weight: 1, arbitrary: ranged }), {
  minLength: 1,
  maxLength: 12,
}).map((messages) => mergeBatches([encodeBatch(messages)]));
const files = fc.array(file, { minLength: 1, maxLength: 4 });

function scan(bytes: Uint8Array, like?: OrderedLines): ScannedBatch | undefined {
  const scanner = new BatchScanner(bytes, { channel: "c", minuteUs: MINUTE_US, like });
  scanner.scan();
  return scanner.found;
}

/** What a scan found, as values. */
function foundIn(scanned: ScannedBatch | undefined) {
  if (scanned === undefined) return undefined;
  const { exact, ranged, lineCount } = scanned;
  const lines = Array.from({ length: exact.length }, (_, i) => [
    exact.from(i),
    exact.receiversFrom(i),
    exact.receiversTo(i),
    exact.to(i),
    exact.idFrom(i),
    exact.sentUs(i),
  ]);
  return { lines, ranged: ranged.lines(), lineCount, repeats: scanned.mayRepeatId() };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

test(`files in order, merged side by side, give what a set gives, ${RUNS} cases`, () => {
  let likeCount = 0;
  fc.assert(
    fc.property(files, fc.boolean(), (files, isChained) => {
      const all = new SightingSet();
      const ranged = new SightingSet();
      const ordered: OrderedLines[] = [];
      for (const bytes of files) {
        all.add(bytes);
        const like = isChained ? ordered.at(-1) : ordered[0];
        const scanned = scan(bytes, like);
        assert.ok(scanned !== undefined, text(bytes));
        if (like !== undefined) likeCount++;
        ranged.addAll(scanned.ranged);
        ordered.push(scanned.exact);
      }
      const events = ranged.rangedEvents({ startUs: MINUTE_US, endUs: 2 * MINUTE_US - 1 });
      const merged = runSteps(mergeOrdered(ordered, events, new Scratch()));
      const minute = all.encodeMinutes().get(MINUTE_US) ?? new Uint8Array();
      assert.equal(text(merged ?? new Uint8Array()), text(minute));
    }),
    { numRuns: RUNS, seed: LAWS_SEED },
  );
  assert.ok(likeCount > RUNS / 2, `only ${likeCount} files were compared with another`);
});

test(`lines in order include others just if a set of them does, ${RUNS} cases`, () => {
  let included = 0;
  const parts = fc.tuple(files, file, fc.nat(3)).chain(([files, other, dice]) => {
    const all = mergeBatches(files);
    const lines = text(all).split("\n").slice(0, -1);
    const some = dice === 0 ? fc.constant(lines) : fc.shuffledSubarray(lines, { minLength: 1 });
    return some.map((lines) => ({
      all: UTF8.encode(
        lines.toSorted((a, b) => text(all).indexOf(a) - text(all).indexOf(b))
          .map((line) => `${line}\n`).join(""),
      ),
      parts: [...files, other],
    }));
  });
  fc.assert(
    fc.property(parts, fc.boolean(), ({ all, parts }, isAlike) => {
      for (const part of parts) {
        const scannedPart = scan(part)!;
        const scannedAll = scan(all, isAlike ? scannedPart.exact : undefined)!;
        const does = runSteps(includingOrdered(scannedAll.exact, scannedPart.exact));
        const set = exactOf(all).includes(exactOf(part));
        assert.equal(does, set, `${text(all)}\n${text(part)}`);
        if (does) included++;
      }
    }),
    { numRuns: RUNS, seed: LAWS_SEED },
  );
  assert.ok(included > RUNS / 10, `only ${included} were included`);
});

function exactOf(bytes: Uint8Array): SightingSet {
  const lines = text(bytes).split("\n").filter((line) => line.includes("tmi-sent-ts"));
  return readBatch(UTF8.encode(lines.map((line) => `${line}\n`).join("")));
}

test(`a scan beside another batch finds what a scan alone finds, ${RUNS} cases`, () => {
  let [usual, unusual] = [0, 0];
  const edited = fc.tuple(file, files).chain(([like, files]) => {
    const lines = text(mergeBatches([like, ...files])).split("\n").slice(0, -1);
    return fc.oneof(
      fc.constant(lines),
      fc.tuple(fc.nat(lines.length - 1), damagedLines(lines)).map(([at, line]) =>
        lines.with(at, line)
      ),
      fc.tuple(fc.nat(lines.length), fc.constantFrom(...lines)).map(([at, line]) =>
        lines.toSpliced(at, 0, line)
      ),
      fc.shuffledSubarray(lines, { minLength: 1 }),
    ).map((lines) => ({ like, bytes: UTF8.encode(lines.map((line) => `${line}\n`).join("")) }));
  });
  fc.assert(
    fc.property(edited, ({ like, bytes }) => {
      const alone = foundIn(scan(bytes));
      assert.deepEqual(foundIn(scan(bytes, scan(like)!.exact)), alone, text(bytes));
      if (alone === undefined) unusual++;
      else usual++;
    }),
    { numRuns: RUNS, seed: LAWS_SEED },
  );
  assert.ok(usual > RUNS / 10 && unusual > RUNS / 10, `${usual} and ${unusual}`);
});

test("an instant with many contents is left to a set", () => {
  const messages = (from: number, count: number): Message[] =>
    Array.from({ length: count }, (_, i) => ({
      command: "PRIVMSG",
      host: "h",
      params: ["#c", `${from + i}`],
      sender: "s",
      tags: { "tmi-sent-ts": `${MINUTE_S * 1_000}` },
      user: "u",
      receivers: { a: MINUTE_S + 0.5 },
      time: MINUTE_S,
      time_range: 0,
    }));
  const [some, more] = [messages(0, 40), messages(20, 50)].map((each) => scan(encodeBatch(each))!);
  const one = runSteps(mergeOrdered([some!.exact], [], new Scratch()));
  assert.equal(text(one!), text(encodeBatch(messages(0, 40))));
  const both = [some!.exact, more!.exact];
  assert.equal(runSteps(mergeOrdered(both, [], new Scratch())), undefined);
});
