import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { SECOND_US } from "../../../src/core/time.ts";
import {
  isListeningState,
  type ListeningInterval,
  type ListeningState,
  ListeningTracker,
  mayConcernListening,
} from "../../../src/engine/coverage/listening_tracker.ts";

/** A connection 1 that is called `me` and in `#c` since second 10. */
function inRoom(): {
  listening: ListeningTracker;
  hear: (atS: number, line: string, n?: number) => void;
} {
  const listening = new ListeningTracker();
  const hear = (atS: number, line: string, n = 1): void => {
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok, line);
    listening.heard(n, atS * SECOND_US);
    listening.message(n, parsed.message);
  };
  listening.open(1, 0);
  hear(1, ":tmi 001 Me :hi");
  hear(10, ":tmi ROOMSTATE #c");
  return { listening, hear };
}

function inSeconds(
  stays: readonly ListeningInterval[],
): [n: number, channel: string, from: number, to: number][] {
  return stays.map((
    { n, channel, fromUs, toUs },
  ) => [n, channel, fromUs / SECOND_US, toUs / SECOND_US]);
}

test("ListeningTracker ends a stay when the server throws us out or we leave, under any case of our name", () => {
  for (
    const [line, ends] of [
      [":ME!me@me PART #c", true],
      [":me!me@me PART #d", false],
      [":you!you@you PART #c", false],
      [":me!me@me PART c", false],
      ["@msg-id=msg_banned :tmi NOTICE #c :banned", true],
      ["@msg-id=msg_banned :tmi NOTICE #d :banned", false],
      ["@msg-id=slow_on :tmi NOTICE #c :slow", false],
      [":tmi NOTICE #c :banned", false],
      [":tmi 403 me #c :no such channel", true],
      [":tmi 404 me #c :no such nick", false],
      [":tmi ROOMSTATE #c", false],
      ["PING :x", false],
    ] as const
  ) {
    const { listening, hear } = inRoom();
    hear(20, line);
    hear(30, "PING :x");
    assert.deepEqual(inSeconds(listening.take()), [[1, "c", 10, ends ? 20 : 30]], line);
  }
});

test("ListeningTracker begins no stay in what is no channel, and none on a connection that it does not know", () => {
  const { listening, hear } = inRoom();
  hear(11, ":tmi ROOMSTATE #");
  hear(11, ":tmi ROOMSTATE #UPPER");
  hear(11, ":tmi ROOMSTATE c2");
  hear(11, ":tmi ROOMSTATE #d", 2);
  assert.deepEqual(inSeconds(listening.take()), [[1, "c", 10, 11]]);
});

test("ListeningTracker counts the last sign of life, also of a clock that went back", () => {
  const { listening, hear } = inRoom();
  hear(40, "PING :x");
  hear(35, "PING :x");
  listening.heard(7, 99 * SECOND_US);
  listening.close(7);
  listening.close(1);
  listening.heard(1, 99 * SECOND_US);
  assert.deepEqual(inSeconds(listening.take()), [[1, "c", 10, 40]]);
});

test("ListeningTracker.open ends what went on over a connection of that number", () => {
  const { listening, hear } = inRoom();
  hear(20, "PING :x");
  listening.open(1, 50 * SECOND_US);
  hear(60, ":tmi ROOMSTATE #c");
  hear(70, "PING :x");
  assert.deepEqual(inSeconds(listening.take()), [[1, "c", 10, 20], [1, "c", 60, 70]]);
});

test("ListeningTracker.take overlaps by five seconds with what it gave before, and no more", () => {
  const { listening, hear } = inRoom();
  hear(12, "PING :x");
  assert.deepEqual(inSeconds(listening.take()), [[1, "c", 10, 12]]);
  listening.stored();
  hear(100, "PING :x");
  assert.deepEqual(inSeconds(listening.take()), [[1, "c", 10, 100]]);
  listening.stored();
  hear(130, "PING :x");
  assert.deepEqual(inSeconds(listening.take()), [[1, "c", 95, 130]]);
});

test("ListeningTracker keeps in checkpoints what was taken out until it is stored, and gives it again if not", () => {
  const { listening, hear } = inRoom();
  hear(20, ":me!me@me PART #c");
  const ended = [1, "c", 10, 20] as const;
  const inCheckpoint = (): number[][] =>
    listening.checkpoint().stays.map(([, , fromUs, toUs, goesOn]) => [
      fromUs / SECOND_US,
      toUs / SECOND_US,
      goesOn,
    ]);
  assert.deepEqual(inSeconds(listening.take()), [ended]);
  assert.deepEqual(inCheckpoint(), [[10, 20, 0]]);
  listening.notStored();
  assert.deepEqual(inCheckpoint(), [[10, 20, 0]]);
  hear(30, ":tmi ROOMSTATE #d");
  hear(40, ":me!me@me PART #d");
  assert.deepEqual(inSeconds(listening.take()), [ended, [1, "d", 30, 40]]);
  listening.stored();
  assert.deepEqual(inCheckpoint(), []);
  assert.deepEqual(listening.take(), []);
  listening.notStored();
  assert.deepEqual(listening.take(), [], "what was stored does not come back");
});

test("ListeningTracker.restore goes on where a checkpoint was, and keeps what was known before", () => {
  const { listening, hear } = inRoom();
  hear(15, ":tmi ROOMSTATE #d");
  hear(20, ":me!me@me PART #d");
  hear(30, "PING :x");
  const again = new ListeningTracker();
  again.open(3, 0);
  again.heard(3, SECOND_US);
  const room = parseIrcLine(":tmi ROOMSTATE #e");
  assert.ok(room.ok);
  again.message(3, room.message);
  again.heard(3, 2 * SECOND_US);
  again.restore(JSON.parse(JSON.stringify(listening.checkpoint())));
  again.heard(1, 25 * SECOND_US); // Before the last sign of life.
  const part = parseIrcLine(":me!me@me PART #c");
  assert.ok(part.ok);
  again.message(1, part.message);
  again.heard(1, 99 * SECOND_US);
  assert.deepEqual(inSeconds(again.take()), [
    [3, "e", 1, 2],
    [1, "d", 15, 20],
    [1, "c", 10, 30],
  ]);
});

test("ListeningTracker.restore ends a stay that went on over a connection that nothing is known of", () => {
  const listening = new ListeningTracker();
  listening.restore({ nicks: [], stays: [[4, "c", SECOND_US, 2 * SECOND_US, 1]] });
  assert.deepEqual(inSeconds(listening.take()), [[4, "c", 1, 2]]);
  assert.deepEqual(listening.checkpoint().nicks, []);
});

test("mayConcernListening passes every line that ListeningTracker looks at", () => {
  for (
    const line of [
      ":tmi 001 me :hi",
      "@a=b :tmi ROOMSTATE #c",
      "ROOMSTATE #c",
      ":me!me@me PART #c",
      "@msg-id=msg_banned :tmi NOTICE #c :x",
      ":tmi 477 me #c :x",
    ]
  ) assert.ok(mayConcernListening(line), line);
  for (
    const line of ["PING :x", ":a!a@a JOIN #c", ":a!a@a PRIVMSG #c :PART", ":tmi 353 me #c :x"]
  ) {
    assert.ok(!mayConcernListening(line), line);
  }
});

test("isListeningState takes what a checkpoint gives, and nothing else", () => {
  const { listening, hear } = inRoom();
  hear(15, ":tmi ROOMSTATE #d");
  hear(20, ":me!me@me PART #d");
  const good: ListeningState = listening.checkpoint();
  assert.ok(isListeningState(good));
  assert.ok(isListeningState({ nicks: [], stays: [] }));
  const stay = [1, "c", 10, 20, 0];
  const bad: unknown[] = [
    undefined,
    null,
    7,
    {},
    { nicks: [] },
    { stays: [] },
    { nicks: {}, stays: [] },
    { nicks: [], stays: {} },
    { nicks: [1], stays: [] },
    { nicks: [["1", "me"]], stays: [] },
    { nicks: [[1.5, "me"]], stays: [] },
    { nicks: [[1, 2]], stays: [] },
    ...stay.map((_, i) => ({ nicks: [], stays: [stay.with(i, i === 1 ? "#c" : "1")] })),
    ...[0, 2, 3, 4].map((i) => ({ nicks: [], stays: [stay.with(i, 0.5)] })),
    { nicks: [], stays: [stay.with(1, 5)] },
    { nicks: [], stays: [stay.with(4, 2)] },
    { nicks: [], stays: ["stay"] },
    { nicks: [[1, "me"], [2]], stays: [] },
    { nicks: [], stays: [stay, []] },
  ];
  for (const state of bad) assert.ok(!isListeningState(state), JSON.stringify(state));
});
