import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { formatArchiveKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import {
  type Coverage,
  encodeCoverage,
  joinSpans,
  type ListenedSpan,
  mergeCoverage,
  parseCoverage,
} from "../../../src/core/coverage/coverage.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { hourOf, MINUTE_US, minuteOf, SECOND_US } from "../../../src/core/time.ts";
import { estimateMissed } from "../../../src/engine/coverage/capture_recapture.ts";
import { ListeningTracker } from "../../../src/engine/coverage/listening_tracker.ts";
import { coverageByMinute } from "../../../src/engine/coverage/minute_coverage.ts";
import { settleCoverage } from "../../../src/engine/coverage/settle_coverage.ts";
import { coverageOf } from "../../../src/engine/coverage/write_coverage.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import {
  intBelow,
  pick,
  type SeededRandom,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import { contentsOf, hasher, WORLD_US } from "../settle/settle_world.ts";

const SEEDS = Number(process.env["COVERAGE_SEEDS"] ?? 200);
const HOUR = hourOf(WORLD_US);

function randomCoverage(random: SeededRandom): Coverage {
  const spans = () =>
    Array.from({ length: 1 + intBelow(random, 4) }, (): ListenedSpan => {
      const fromS = intBelow(random, 30) * 10;
      return [fromS, fromS + 10 * (1 + intBelow(random, 5))];
    });
  return new Map(
    ["a.aaaaa.1", "a.aaaaa.2", "b.bbbbb.1"]
      .filter(() => random.next() < 0.7)
      .map((receiver) => [receiver, joinSpans(spans())]),
  );
}

function text(coverage: Coverage): string {
  return new TextDecoder().decode(encodeCoverage(HOUR, coverage));
}

test("mergeCoverage is commutative, associative and idempotent, as bytes", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(`coverage ${seed}`);
    const [a, b, c] = [0, 1, 2].map(() => randomCoverage(random)) as [Coverage, Coverage, Coverage];
    assert.equal(text(mergeCoverage([a, b])), text(mergeCoverage([b, a])), `seed ${seed}`);
    const left = mergeCoverage([mergeCoverage([a, b]), c]);
    assert.equal(text(left), text(mergeCoverage([a, mergeCoverage([b, c])])), `seed ${seed}`);
    assert.equal(text(mergeCoverage([a, a])), text(a), `seed ${seed}`);
  }
});

test("parseCoverage undoes encodeCoverage and takes nothing else", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const coverage = randomCoverage(seededRandom(`coverage ${seed}`));
    const parsed = parseCoverage(encodeCoverage(HOUR, coverage));
    if (coverage.size === 0) assert.equal(parsed.ok, false);
    else assert.deepEqual(parsed, { ok: true, hourUs: HOUR, coverage });
  }
  const good = `{"hour":"2026-08-01T23","listened":{"a":[[0,5]]}}\n`;
  assert.ok(parseCoverage(new TextEncoder().encode(good)).ok);
  for (
    const bad of [
      "",
      "[]",
      good.trim(),
      good.replace("[[0,5]]", "[]"),
      good.replace("[0,5]", "[5,5]"),
      good.replace("[0,5]", "[0,3601]"),
      good.replace("[0,5]", "[0,5],[5,6]"),
      good.replace("[0,5]", "[0,5.5]"),
      good.replace("T23", "T24"),
      good.replace(`{"hour"`, `{"x":1,"hour"`),
    ]
  ) assert.equal(parseCoverage(new TextEncoder().encode(bad)).ok, false, bad);
});

function hear(
  listening: ListeningTracker,
  n: number,
  { atS, line }: { atS: number; line: string },
): void {
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok);
  listening.heard(n, atS * SECOND_US);
  listening.message(n, parsed.message);
}

test("ListeningTracker begins with the room state and ends with the last sign of life", () => {
  const listening = new ListeningTracker();
  listening.open(1, 0);
  hear(listening, 1, { atS: 1, line: ":tmi 001 me :hi" });
  hear(listening, 1, { atS: 2, line: ":me!me@me JOIN #c" });
  hear(listening, 1, { atS: 5, line: ":tmi ROOMSTATE #c" });
  hear(listening, 1, { atS: 6, line: ":tmi ROOMSTATE #d" });
  hear(listening, 1, { atS: 20, line: ":you!you@you PART #c" });
  hear(listening, 1, { atS: 30, line: ":me!me@me PART #d" });
  hear(listening, 1, { atS: 90, line: "PING :x" });
  listening.close(1);
  assert.deepEqual(listening.take().map(({ channel, fromUs, toUs }) => [channel, fromUs, toUs]), [
    ["d", 6 * SECOND_US, 30 * SECOND_US],
    ["c", 5 * SECOND_US, 90 * SECOND_US],
  ]);
});

test("ListeningTracker gives the same in pieces, through checkpoints and when storing fails", () => {
  const run = "n.aaaaa";
  const base = { run, serverClock: { sentUs: HOUR, elapsedUs: 0 }, wallOffsetUs: 0 };
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(`listening ${seed}`);
    const whole = new ListeningTracker();
    let pieces = new ListeningTracker();
    const taken: Coverage[] = [];
    let atUs = 0;
    for (let step = 0; step < 60; step++) {
      atUs += intBelow(random, 40_000_000);
      const n = 1 + intBelow(random, 2);
      const line = pick(random, [
        "PING :x",
        ":tmi ROOMSTATE #c",
        ":me!a@b PART #c",
        ":tmi 001 me :x",
      ]);
      const deed = random.next();
      for (const listening of [whole, pieces]) {
        if (deed < 0.1) listening.open(n, atUs);
        else if (deed < 0.15) listening.close(n);
        else hear(listening, n, { atS: atUs / SECOND_US, line });
      }
      if (random.next() < 0.2) {
        const stays = pieces.take();
        if (random.next() < 0.5) pieces.notStored();
        else {
          taken.push(
            ...coverageOf(stays, base).map(({ coverage, hourUs }) => {
              assert.equal(hourUs, HOUR);
              return coverage;
            }),
          );
          pieces.stored();
        }
      }
      if (random.next() < 0.2) {
        const again = new ListeningTracker();
        again.restore(JSON.parse(JSON.stringify(pieces.checkpoint())));
        pieces = again;
      }
    }
    taken.push(...coverageOf(pieces.take(), base).map(({ coverage }) => coverage));
    const truth = coverageOf(whole.take(), base).map(({ coverage }) => coverage);
    assert.equal(text(mergeCoverage(taken)), text(mergeCoverage(truth)), `seed ${seed}`);
  }
});

test("settleCoverage makes one file of many, the same in any order", async () => {
  const random = seededRandom("settle coverage");
  const all = Array.from({ length: 5 }, () => randomCoverage(random)).filter(({ size }) =>
    size > 0
  );
  const store = memoryStore();
  for (const coverage of all) {
    const bytes = encodeCoverage(HOUR, coverage);
    const digest = hasher.digest(bytes);
    await store.put(
      formatArchiveKey({ kind: "coverage", channel: "c", hourUs: HOUR, digest }),
      bytes,
    );
  }
  await settleCoverage("c", HOUR, { store, hasher, reporter: noopReporter });
  const files = await contentsOf(store);
  assert.deepEqual([...files.values()], [text(mergeCoverage(all))]);
  assert.equal(parseArchiveKey([...files.keys()][0]!)?.kind, "coverage");
});

test("settleCoverage makes no file that is too long for its readers, and loses nothing", async () => {
  const store = memoryStore();
  const keys: string[] = [];
  for (const node of ["a", "b"].map((letter) => letter.repeat(20))) {
    const coverage = new Map(
      Array.from({ length: 70_000 }, (_, n) => [`${node}.${n}.00000.1`, [[0, 3_000]] as const]),
    );
    const bytes = encodeCoverage(HOUR, coverage);
    assert.ok(parseCoverage(bytes).ok, `${bytes.length} bytes can be read`);
    const digest = await hasher.digest(bytes);
    keys.push(formatArchiveKey({ kind: "coverage", channel: "c", hourUs: HOUR, digest }));
    await store.put(keys.at(-1)!, bytes);
  }
  const settled = await settleCoverage("c", HOUR, { store, hasher, reporter: noopReporter });
  assert.deepEqual(settled, { written: 0, deleted: 0 });
  assert.deepEqual([...(await contentsOf(store)).keys()].sort(), keys.sort());
});

test("estimateMissed is right on the whole where two listeners fail independently", () => {
  const random = seededRandom("missed");
  let [missed, estimated] = [0, 0];
  for (let minute = 0; minute < 400; minute++) {
    let [onlyA, onlyB, both] = [0, 0, 0];
    for (let i = 0; i < 300; i++) {
      const [a, b] = [random.next() < 0.9, random.next() < 0.8];
      if (a && b) both++;
      else if (a) onlyA++;
      else if (b) onlyB++;
      else missed++;
    }
    estimated += estimateMissed({ onlyA, onlyB, both }).missed;
  }
  assert.ok(Math.abs(estimated / missed - 1) < 0.05, `${estimated} for ${missed}`);
  assert.deepEqual(estimateMissed({ onlyA: 0, onlyB: 0, both: 9 }), {
    seen: 9,
    missed: 0,
    error: 0,
  });
});

test("coverageByMinute tells silence from loss", async () => {
  const store = memoryStore();
  const atUs = minuteOf(HOUR + 5 * MINUTE_US);
  const coverage = new Map<string, ListenedSpan[]>([
    ["a.aaaaa.1", [[300, 420]]],
    ["b.bbbbb.1", [[300, 390]]],
  ]);
  const bytes = encodeCoverage(HOUR, coverage);
  const digest = hasher.digest(bytes);
  await store.put(
    formatArchiveKey({ kind: "coverage", channel: "c", hourUs: HOUR, digest }),
    bytes,
  );
  const said = [["a.aaaaa.1", "b.bbbbb.1"], ["a.aaaaa.1"], ["b.bbbbb.1"]].map((receivers, i) => ({
    command: "PRIVMSG",
    host: "h",
    params: ["#c", "x"],
    receivers: Object.fromEntries(receivers.map((each) => [each, atUs / SECOND_US + i])),
    sender: "s",
    tags: { id: `${i}`, "tmi-sent-ts": `${atUs / 1000 + i}` },
    time: atUs / SECOND_US + i / 1000,
    time_range: 0,
    user: "s",
  }));
  const batch = encodeBatch(said);
  const parts = {
    kind: "batch",
    channel: "c",
    minuteUs: atUs,
    digest: hasher.digest(batch),
  } as const;
  await store.put(formatArchiveKey(parts), batch);
  const minutes = [];
  const bounds = { fromUs: atUs - MINUTE_US, toUs: atUs + 3 * MINUTE_US };
  for await (
    const minute of coverageByMinute("c", { store, hasher, reporter: noopReporter, ...bounds })
  ) {
    const { receivers, uncoveredS, messages, estimate } = minute;
    minutes.push([[...receivers.values()], uncoveredS, messages, estimate?.missed]);
  }
  assert.deepEqual(minutes, [
    [[], 60, 0, undefined],
    [[60, 60], 0, 3, estimateMissed({ onlyA: 1, onlyB: 1, both: 1 }).missed],
    [[60, 30], 0, 0, undefined],
    [[], 60, 0, undefined],
  ]);
});
