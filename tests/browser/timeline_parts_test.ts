import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR_US, hourOf, type Micros, MINUTE_US } from "../../src/core/time.ts";
import { intBelow, seededRandom } from "../../src/testing/chance/seeded_random.ts";
import type { MinuteSummary } from "../../src/web/reading/minute_summary.ts";
import { heldSpan, shownSpan, SPAN_MAX_US } from "../../src/web/timeline/shown_span.ts";
import { type KnownMinutes, silencesOf } from "../../src/web/timeline/silences.ts";

const START_US = Date.UTC(2026, 7, 1, 11) * 1000;
const at = (minute: number): Micros => START_US + minute * MINUTE_US;

/** Minutes after the start: those with a message, those read, and who listened in which hours. */
interface World {
  readonly said: readonly number[];
  readonly read: readonly [from: number, until: number];
  /** Minute → seconds; hours of it are covered. */
  readonly listened?: ReadonlyMap<number, number>;
  /** Whether it was asked who listened. @default true */
  readonly isAsked?: boolean;
  /** Hours without files of chat. */
  readonly bare?: readonly number[];
}

function known(
  { said, read, listened = new Map(), isAsked = true, bare = [] }: World,
): KnownMinutes {
  const place = (minuteUs: Micros) => (minuteUs - START_US) / MINUTE_US;
  const hours = new Set([...listened.keys()].map((minute) => hourOf(at(minute))));
  return {
    minute: (us) => said.includes(place(us)) ? {} as MinuteSummary : undefined,
    isKnown: (us) => place(us) >= read[0] && place(us) < read[1],
    listenedS: (us) => isAsked ? listened.get(place(us)) ?? 0 : undefined,
    isCovered: (hourUs) => hours.has(hourUs),
    hasFiles: (hourUs) => !bare.includes((hourUs - START_US) / HOUR_US),
  };
}

function found(world: World, until = world.read[1]): string[] {
  return silencesOf(known(world), { fromUs: at(0), untilUs: at(until) }).map(
    ({ kind, fromUs, untilUs }) =>
      `${kind} ${(fromUs - START_US) / MINUTE_US}-${(untilUs - START_US) / MINUTE_US}`,
  );
}

const listening = (from: number, until: number, seconds = 60): [number, number][] =>
  Array.from({ length: until - from }, (_, i) => [from + i, seconds]);

test("silencesOf says that no recorder listened only where coverage leaves the time out", () => {
  const said = [0, 5, 9];
  const read = [0, 10] as const;
  // No recorder says when it listened: silence may be silence.
  assert.deepEqual(found({ said, read }), ["unknown 1-5", "unknown 6-9"]);
  // One listened all the time, or part of a minute.
  assert.deepEqual(found({ said, read, listened: new Map(listening(0, 10)) }), []);
  assert.deepEqual(found({ said, read, listened: new Map(listening(0, 10, 1)) }), []);
  // It was away from 2 to 4.
  const away = new Map([...listening(0, 2), ...listening(4, 10)]);
  assert.deepEqual(found({ said, read, listened: away }), ["unrecorded 2-4"]);
  // Nothing is said before it was asked, or of minutes that were not read.
  assert.deepEqual(found({ said, read, isAsked: false }), []);
  assert.deepEqual(found({ said, read: [0, 3] }, 10), ["unknown 1-3"]);
});

test("silencesOf takes an hour without any file for unrecorded where recorders tell of others", () => {
  const said = [0, 59, 120, 179];
  const read = [0, 180] as const;
  const all = new Map([...listening(0, 60), ...listening(120, 180)]);
  assert.deepEqual(found({ said, read, listened: all, bare: [1] }), ["unrecorded 60-120"]);
  // Files without a word of who listened: a recorder that tells nothing was there.
  assert.deepEqual(found({ said, read, listened: all }), ["unknown 60-120"]);
  assert.deepEqual(found({ said: [0, 179], read, bare: [1] }), ["unknown 1-179"]);
  // Before the first hour of which any tells, nothing is known: as in the calendar.
  const late = new Map(listening(120, 180));
  assert.deepEqual(found({ said: [179], read, listened: late, bare: [0, 1] }), ["unknown 0-120"]);
});

test("heldSpan cuts off what is known to be empty, and nothing that was not read", () => {
  const span = { fromUs: at(0), untilUs: at(120) };
  const cut = heldSpan(span, known({ said: [7, 100], read: [0, 120] }));
  assert.deepEqual(cut, { fromUs: at(7), untilUs: at(101) });
  assert.deepEqual(heldSpan(span, known({ said: [], read: [0, 0] })), span);
  assert.deepEqual(heldSpan(span, known({ said: [], read: [0, 120] })), span);
  assert.deepEqual(heldSpan(span, known({ said: [100], read: [90, 120] })), {
    fromUs: at(0),
    untilUs: at(101),
  });
});

test("a timeline never shows more than it reads, whatever the archive's age", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(`timeline ${seed}`);
    const hours = 1 + intBelow(random, 3 * 365 * 24);
    const channel = { fromUs: START_US, untilUs: START_US + hours * HOUR_US };
    const isNode = random.next() < 0.5;
    const nowUs = channel.untilUs + (intBelow(random, 120) - 59) * MINUTE_US;
    const hasStart = random.next() < 0.5;
    const atUs = hasStart ? channel.fromUs + intBelow(random, hours) * HOUR_US : undefined;
    const untilUs = hasStart && random.next() < 0.7
      ? atUs! + intBelow(random, 1_000) * HOUR_US
      : undefined;
    const asked = shownSpan(channel, { atUs, untilUs, isNode, nowUs, zone: "utc" });
    const why = `seed ${seed}`;
    assert.ok(asked.untilUs - asked.fromUs <= SPAN_MAX_US, why);
    if (!hasStart) assert.ok(asked.fromUs >= channel.fromUs, why);
    const read = [(asked.fromUs - START_US) / MINUTE_US, (asked.untilUs - START_US) / MINUTE_US];
    const said = [read[0]! + intBelow(random, 200)];
    const held = heldSpan(asked, known({ said, read: read as [number, number] }));
    assert.ok(held.fromUs >= asked.fromUs && held.untilUs <= asked.untilUs, why);
  }
});
