import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBatch, encodeBatch } from "../../../src/core/batch/batch.ts";
import { type Micros, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { Recording } from "../../../src/engine/record/recording.ts";
import { replayEntry } from "../../../src/engine/record/replay_entry.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";

const START_US = 1_785_587_640 * SECOND_US;

/** A recording into which one says lines of so many seconds after its start, sent when they came. */
function world(options: Partial<ConstructorParameters<typeof Recording>[0]> = {}) {
  const counts = new Map<string, number>();
  const count = (name: string, labels: object = {}, amount = 1): void => {
    const key = [name, ...Object.values(labels)].join(" ");
    counts.set(key, (counts.get(key) ?? 0) + amount);
  };
  const reporter = { report() {}, count };
  const recording = new Recording({ run: "n.00000", reporter, isMidway: true, ...options });
  const at = (seconds: number) => ({
    receivedUs: START_US + seconds * SECOND_US,
    elapsedUs: seconds * SECOND_US,
  });
  const say = (seconds: number, channel = "c", sentS = seconds, n = 1): void => {
    const sent = (START_US + sentS * SECOND_US) / 1_000;
    const line = `@id=${seconds};tmi-sent-ts=${sent} :u!u@u PRIVMSG #${channel} :hi`;
    recording.line(n, at(seconds), line);
  };
  const closable = (seconds: number): number[] =>
    recording.closable(at(seconds)).map(({ minuteUs }) => (minuteUs - START_US) / MINUTE_US);
  return { recording, say, at, closable, counts };
}

test("Recording.closable waits a minute after the end of a minute, and a minute after it began to be open", () => {
  const { say, closable } = world();
  assert.deepEqual(closable(1_000), []);
  say(59);
  assert.deepEqual(closable(119.999999), []);
  assert.deepEqual(closable(120), [0]);
  // What comes late opens the minute once more: it waits for others that come late.
  const late = world();
  late.say(400);
  late.say(401, "c", 59); // Too late for its timestamp to tell the time.
  assert.deepEqual(late.closable(401 + 59.999999), []);
  assert.deepEqual(late.closable(401 + 60), [0]);
});

test("Recording.closable goes by the server's clock, and gives up on a minute after ten", () => {
  const { say, closable } = world();
  say(0, "c", 30); // The server is half a minute ahead.
  assert.deepEqual(closable(89.999999), []);
  assert.deepEqual(closable(90), [0]);
  const ahead = world();
  ahead.say(0);
  ahead.say(1, "c", 86_400);
  assert.deepEqual(ahead.closable(600.999999), [0]);
  assert.deepEqual(ahead.closable(601), [0, 1_440]);
});

test("Recording opens minutes by channel and time, closes each once, and sorts them by time", () => {
  const { recording, say } = world();
  say(61, "a");
  say(62, "b", 1);
  say(63, "a", 2);
  const open = () =>
    recording.openBatches().map(({ channel, minuteUs }) => [channel, (minuteUs - START_US) / 6e7]);
  assert.deepEqual(open(), [["a", 0], ["b", 0], ["a", 1]]);
  assert.deepEqual(
    recording.openMinutes().map(({ channel, buffer }) => [channel, buffer.messageCount]),
    [["a", 1], ["b", 1], ["a", 1]],
  );
  assert.equal(recording.closeBatch("a", START_US + 2 * MINUTE_US), undefined);
  assert.equal(recording.closeBatch("x", START_US), undefined);
  const batch = recording.closeBatch("a", START_US)!;
  assert.equal(batch.buffer.messageCount, 1);
  assert.equal(recording.closeBatch("a", START_US), undefined);
  assert.deepEqual(open(), [["b", 0], ["a", 1]]);
  assert.ok(recording.closeBatch("b", START_US));
  say(64, "b", 2);
  assert.deepEqual(open(), [["b", 0], ["a", 1]]);
});

test("Recording marks each minute with what was set when its first line came", () => {
  const { recording, say } = world();
  assert.equal(recording.oldestSegment(), undefined);
  recording.segment = 5;
  say(1, "a");
  recording.segment = 7;
  say(2, "a");
  say(3, "b");
  assert.equal(recording.oldestSegment(), 5);
  assert.equal(recording.closeBatch("a", START_US)!.firstSegment, 5);
  assert.equal(recording.oldestSegment(), 7);
  say(4, "a");
  recording.moveTo(9);
  assert.deepEqual([recording.segment, recording.oldestSegment()], [9, 9]);
  say(65, "a");
  assert.equal(recording.closeBatch("a", START_US + MINUTE_US)!.firstSegment, 9);
});

test("Recording.serverLagUs is how far Twitch's clock is behind the wall clock", () => {
  const { recording, say, at } = world();
  assert.equal(recording.serverLagUs(at(0)), undefined);
  say(10, "c", 8);
  assert.equal(recording.serverLagUs(at(10)), 2 * SECOND_US);
  assert.equal(recording.serverLagUs(at(50)), 2 * SECOND_US);
  assert.equal(recording.serverLagUs({ ...at(50), receivedUs: START_US }), -48 * SECOND_US);
});

test("Recording batches only what is wanted", () => {
  const wants = (channel: string, minuteUs: Micros) => channel === "a" && minuteUs > START_US;
  const { recording, say } = world({ wants });
  for (const channel of ["a", "b"]) {
    say(1, channel);
    say(61, channel);
  }
  const open = recording.openBatches();
  assert.deepEqual(open, [{ channel: "a", minuteUs: START_US + MINUTE_US }]);
});

test("Recording counts each line that it does not keep, under its reason", () => {
  const { recording, at, counts } = world();
  const lines = [
    "",
    "PING :x",
    ":u!u@u PRIVMSG #chatrooms:1:2 :hi",
    ":u!u@u PRIVMSG me :hi",
    ":u!u@u PRIVMSG",
    ":u!u@u PRIVMSG #UPPER-\u00e9 :hi",
  ];
  lines.forEach((line, i) => recording.line(1, at(i), line));
  recording.piece(1, at(9));
  recording.piece(1, at(10), "why");
  assert.deepEqual(Object.fromEntries(counts), {
    "lines_ignored unreadable: empty": 1,
    "lines_ignored command not kept PING": 1,
    "lines_ignored chat room": 1,
    "lines_ignored no channel": 3,
    "lines_ignored piece of a line": 1,
    "lines_ignored why": 1,
  });
  assert.deepEqual(recording.openBatches(), []);
});

test("replayEntry does what each entry says", () => {
  const { recording, at } = world({ isMidway: false });
  const moment = at(1);
  const said = "@tmi-sent-ts=1785587641000 :u!u@u PRIVMSG #c :hi";
  const replay = (entry: Parameters<typeof replayEntry>[1]) => replayEntry(recording, entry);
  assert.equal(replay({ kind: "open", n: 7, moment }), undefined);
  assert.deepEqual(recording.checkpoint().connections.map(({ n }) => n), [7]);
  assert.equal(replay({ kind: "line", n: 7, moment, line: said }), undefined);
  assert.equal(replay({ kind: "piece", n: 7, moment: at(2), line: said }), undefined);
  assert.deepEqual(recording.checkpoint().connections[0]!.moment, at(2));
  assert.equal(replay({ kind: "close", n: 7, moment }), undefined);
  assert.deepEqual(recording.checkpoint().connections, []);
  assert.equal(replay({ kind: "stored", id: 1 }), undefined);
  const [open] = recording.openBatches();
  const line = new TextDecoder().decode(encodeBatch([{
    command: "JOIN",
    host: null,
    params: ["#c"],
    receivers: { a: 1 },
    sender: "s",
    tags: null,
    time: START_US / SECOND_US,
    time_range: 1,
    user: null,
  }])).trim();
  assert.equal(replay({ kind: "kept", line, ...open! }), undefined);
  assert.throws(() => replay({ kind: "kept", line: "x", ...open! }), { name: "BatchSyntaxError" });
  const batch = replay({ kind: "batch", id: 1, ...open! });
  assert.deepEqual(
    decodeBatch(batch!.buffer.encode().bytes).map(({ command }) => command),
    ["JOIN", "PRIVMSG"],
  );
  assert.equal(replay({ kind: "batch", id: 1, ...open! }), undefined);
});

test("Recording restores what a checkpoint says of connections, rooms and times", () => {
  const { recording, at } = world({ isMidway: false });
  recording.open(1, at(0));
  recording.line(1, at(1), ":tmi ROOMSTATE #a");
  recording.line(1, at(2), ":tmi 366 me #b :End");
  recording.line(1, at(2), ":tmi 366 me #b- :End"); // Not our channel.
  recording.line(1, at(3), `@tmi-sent-ts=${START_US / 1_000 + 3_000} :u!u@u PRIVMSG #a :x`);
  recording.line(1, at(70), "PING :x");
  const checkpoint = JSON.parse(JSON.stringify(recording.checkpoint()));
  const again = new Recording({ run: "other", reporter: noopReporter });
  again.restore(checkpoint);
  assert.equal(again.run, "n.00000");
  assert.deepEqual(JSON.parse(JSON.stringify(again.checkpoint())), checkpoint);
  const [state] = again.checkpoint().connections;
  assert.deepEqual(state!.channels, ["a"]);
  assert.deepEqual(state!.confirmed!.map(([channel]) => channel), ["b", "b-"]);
  assert.equal(state!.unreadUs, 67 * SECOND_US);
});
