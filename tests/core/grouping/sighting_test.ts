import assert from "node:assert/strict";
import { test } from "node:test";
import { draftEvents } from "../../../src/core/grouping/draft_events.ts";
import { groupSightings } from "../../../src/core/grouping/group_sightings.ts";
import { innerRange } from "../../../src/core/grouping/inner_range.ts";
import { compareSightings, overlapParts } from "../../../src/core/grouping/overlap.ts";
import { alignReceiver } from "../../../src/core/grouping/align_receiver.ts";
import {
  compareReceived,
  compareText,
  isWider,
  type Sighting,
} from "../../../src/core/grouping/sighting.ts";
import { SECOND_US } from "../../../src/core/time.ts";

/** A sighting in seconds; `receivedS` is the start unless given. */
function sighting(receiver: string, startS: number, endS: number, receivedS = startS): Sighting {
  return { receiver, receivedS, startUs: startS * SECOND_US, endUs: endS * SECOND_US };
}

/** Events as `receiver:received` of their members. */
function shown(events: readonly (readonly Sighting[])[]): string[] {
  return events.map((event) =>
    event.map(({ receiver, receivedS }) => `${receiver}:${receivedS}`).sort().join(" ")
  );
}

test("innerRange leaves a range of 32 s as it is, and cuts a longer one alike at both ends", () => {
  for (
    const [startUs, endUs, inner] of [
      [0, 0, [0, 0]],
      [5, 32_000_005, [5, 32_000_005]],
      [0, 32_000_001, [0, 32_000_001]],
      [0, 32_000_002, [1, 32_000_001]],
      [0, 32_000_003, [1, 32_000_002]],
      [10_000_000, 70_000_000, [24_000_000, 56_000_000]],
    ] as const
  ) {
    assert.deepEqual(innerRange({ startUs, endUs }), { startUs: inner[0], endUs: inner[1] });
  }
});

test("compareReceived and compareText order values, and -0 before 0", () => {
  const signs = (compare: (a: never, b: never) => number, values: readonly unknown[]): void => {
    for (const [i, left] of values.entries()) {
      for (const [j, right] of values.entries()) {
        assert.equal(Math.sign(compare(left as never, right as never)), Math.sign(i - j));
      }
    }
  };
  signs(compareReceived, [-1, -0, 0, 1, 1.5]);
  signs(compareText, ["", "A", "a", "aa", "b"]);
});

test("isWider is what starts earlier, or ends later if both start together", () => {
  const range = { startUs: 5, endUs: 9 };
  assert.ok(!isWider(range, range));
  assert.ok(isWider({ startUs: 4, endUs: 5 }, range));
  assert.ok(!isWider({ startUs: 6, endUs: 99 }, range));
  assert.ok(isWider({ startUs: 5, endUs: 10 }, range));
  assert.ok(!isWider({ startUs: 5, endUs: 8 }, range));
});

test("compareSightings goes by start, end, receiver and received time", () => {
  const ordered = [
    sighting("b", 1, 2, 9),
    sighting("b", 1, 3, 9),
    sighting("a", 2, 3, 8),
    sighting("a", 2, 3, 9),
    sighting("b", 2, 3, 1),
  ];
  for (const [i, left] of ordered.entries()) {
    for (const [j, right] of ordered.entries()) {
      assert.equal(Math.sign(compareSightings(left, right)), Math.sign(i - j));
    }
  }
});

test("overlapParts parts where no range reaches, not where two share an instant", () => {
  const parts = overlapParts([
    sighting("c", 20, 21),
    sighting("a", 0, 5),
    sighting("b", 5, 6),
    sighting("a", 1, 2),
    sighting("b", 6.000001, 7),
    sighting("a", 10, 30),
    sighting("b", 29, 31),
  ]);
  assert.deepEqual(shown(parts), ["a:0 a:1 b:5", "b:6.000001", "a:10 b:29 c:20"]);
  assert.deepEqual(parts[0]!.map(({ receivedS }) => receivedS), [0, 1, 5]);
  assert.deepEqual(overlapParts([]), []);
});

test("draftEvents takes what meets in an instant together, in the order of every lane", () => {
  const draft = (...lanes: Sighting[][]): string[] => shown(draftEvents(lanes));
  assert.deepEqual(draft([sighting("a", 0, 5)], [sighting("b", 5, 9)]), ["a:0 b:5"]);
  assert.deepEqual(draft([sighting("a", 0, 4)], [sighting("b", 5, 9)]), ["a:0", "b:5"]);
  // One receiver heard it twice, so it happened twice; the other one heard either.
  const twice = [sighting("a", 0, 5), sighting("a", 1, 6)];
  assert.deepEqual(draft(twice, [sighting("b", 0, 5)]), ["a:0 b:0", "a:1"]);
  assert.deepEqual(draft(twice, [sighting("b", 6, 9)]), ["a:0", "a:1 b:6"]);
  // The second of its lane must be taken by 3 s, so the first must be as well.
  const hurried = [sighting("a", 0, 9), sighting("a", 0, 3, 1)];
  assert.deepEqual(draft(hurried, [sighting("b", 3, 9)]), ["a:0 b:3", "a:1"]);
  assert.deepEqual(draft(hurried, [sighting("b", 4, 9)]), ["a:0", "a:1", "b:4"]);
});

test("alignReceiver moves sightings to the event whose range is nearest, if that is a gain", () => {
  const events = [[sighting("a", 0, 10)], [sighting("a", 8, 18), sighting("b", 1, 11)]];
  assert.deepEqual(shown(alignReceiver(events, "b")!), ["a:0 b:1", "a:8"]);
  assert.equal(
    alignReceiver([[sighting("a", 0, 10), sighting("b", 1, 11)], [sighting("a", 8, 18)]], "b"),
    undefined,
  );
  // To stand alone costs an event more than any distance.
  const alone = [[sighting("a", 0, 10)], [sighting("b", 9, 19)]];
  assert.deepEqual(shown(alignReceiver(alone, "b")!), ["a:0 b:9"]);
  const apart = [[sighting("a", 0, 10)], [sighting("b", 11, 21)]];
  assert.equal(alignReceiver(apart, "b"), undefined);
  // Between the two in the middle no start is nearer than another.
  const members = [sighting("a", 0, 20), sighting("c", 4, 24)];
  const place = [[sighting("d", 1, 21)], members];
  assert.equal(
    alignReceiver([[...members, sighting("b", 2, 22)], [sighting("d", 3, 23)]], "b"),
    undefined,
  );
  assert.deepEqual(
    shown(alignReceiver([[...place[0]!, sighting("b", 4, 24)], members], "b")!),
    ["d:1", "a:0 b:4 c:4"],
  );
});

test("groupSightings believes received times before ranges, unless these rule them out", () => {
  // ReceiverSpan in the order of its clock, as the ranges allow it.
  const first = sighting("a", 1, 9, 5);
  const second = sighting("a", 0, 8, 6);
  const other = sighting("b", 8, 12);
  assert.deepEqual(shown(groupSightings([first, second, other])), ["a:5 b:8", "a:6"]);
  // Its clock was set back: the ranges tell the order.
  const early = sighting("a", 0, 3, 9);
  const late = sighting("a", 4, 8, 5);
  const link = sighting("c", 2, 5);
  const events = groupSightings([early, late, link, sighting("b", 7, 9)]);
  assert.equal(events.length, 2);
  assert.ok(shown(events)[0]!.includes("a:9") && shown(events)[1]!.includes("a:5"));
});
