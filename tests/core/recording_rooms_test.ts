import assert from "node:assert/strict";
import { test } from "node:test";
import { Recording } from "../../src/engine/record/recording.ts";
import { decodeBatch } from "../../src/core/batch/batch.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { type Micros, SECOND_US } from "../../src/core/time.ts";
import type { Reporter } from "../../src/ports/reporter.ts";

const START_US = 1_785_587_640_000_000;

/** A recording of one connection, and what it counted. */
class World {
  readonly counts = new Map<string, number>();
  readonly #reporter: Reporter = {
    report: () => {},
    count: (name, labels = {}, amount = 1) => {
      const key = [name, ...Object.values(labels)].join(" ");
      this.counts.set(key, (this.counts.get(key) ?? 0) + amount);
    },
  };
  recording = new Recording({ run: "node.00000", reporter: this.#reporter });
  #closed: readonly Message[] | undefined;
  elapsedUs: Micros = 0;
  wallUs: Micros = START_US;

  constructor() {
    this.recording.open(1, { receivedUs: START_US, elapsedUs: 0 });
  }

  pass(seconds: number): void {
    this.elapsedUs += seconds * SECOND_US;
    this.wallUs += seconds * SECOND_US;
  }

  say(line: string, n = 1): void {
    this.pass(0.001);
    this.recording.line(n, { receivedUs: this.wallUs, elapsedUs: this.elapsedUs }, line);
  }

  /** Goes on as after a crash, from what a checkpoint says. */
  restore(): void {
    const checkpoint = JSON.parse(JSON.stringify(this.recording.checkpoint()));
    this.recording = new Recording({ run: "node.00000", reporter: this.#reporter });
    this.recording.restore(checkpoint);
  }

  archived(): Message[] {
    return this.recording.openBatches().flatMap(({ channel, minuteUs }) =>
      decodeBatch(this.recording.closeBatch(channel, minuteUs)!.buffer.encode().bytes)
    );
  }

  /** Checks that the range of a message that came just now holds the time. */
  assertHolds(text: string): void {
    const { time, time_range } = this.#all().find(({ params }) => params[1] === text)!;
    const [startUs, endUs] = [time * SECOND_US, (time + time_range) * SECOND_US];
    assert.ok(startUs <= this.wallUs && this.wallUs <= endUs, `${text}: ${startUs} ${endUs}`);
  }

  #all(): readonly Message[] {
    return this.#closed ??= this.archived();
  }

  texts(): string[] {
    return this.archived().map(({ params }) => params.join(" ")).sort();
  }
}

const exact = (text: string, sentMs = START_US / 1000) =>
  `@id=${text};tmi-sent-ts=${sentMs} :a!a@a PRIVMSG #forsen :${text}`;
const notice = (text: string) => `@msg-id=slow :tmi.twitch.tv NOTICE #forsen :${text}`;
const ROOMSTATE = "@room-id=1 :tmi.twitch.tv ROOMSTATE #forsen";

test("Recording archives exact messages from the first on, ranged ones behind a ROOMSTATE", () => {
  const world = new World();
  world.say(exact("one"));
  world.say(notice("ours"));
  world.say(ROOMSTATE);
  world.say(notice("theirs"));
  assert.deepEqual(world.texts(), ["#forsen one", "#forsen theirs"]);
  assert.equal(world.counts.get("lines_ignored before the first ROOMSTATE"), 2);
});

test("Recording takes a channel for joined a minute after its 366 if no ROOMSTATE comes", () => {
  for (const isRestored of [false, true]) {
    const world = new World();
    world.say(":me!me@me JOIN #forsen");
    world.say(":me.tmi.twitch.tv 366 me #forsen :End of /NAMES list");
    world.pass(59);
    world.say(notice("early"));
    if (isRestored) world.restore();
    world.pass(2);
    world.say(notice("late"));
    assert.deepEqual(world.texts(), ["#forsen late"]);
  }
});

test("Recording waits for the ROOMSTATE of each connection anew", () => {
  const world = new World();
  world.say(ROOMSTATE);
  world.recording.open(2, { receivedUs: world.wallUs, elapsedUs: world.elapsedUs });
  world.say(notice("ours"), 2);
  world.say(notice("theirs"), 1);
  assert.deepEqual(world.texts(), ["#forsen theirs"]);
});

test("Recording folds a channel to lower case, in the message too, and counts chat rooms", () => {
  const world = new World();
  world.say(exact("one").replace("#forsen", "#Forsen"));
  world.say(exact("two").replace("#forsen", "#chatrooms:1:0b6b5c3d"));
  world.say(exact("three").replace("#forsen", "*"));
  assert.deepEqual(world.texts(), ["#forsen one"]);
  assert.equal(world.counts.get("lines_ignored chat room"), 1);
  assert.equal(world.counts.get("lines_ignored no channel"), 1);
});

function rangeOf(world: World, text: string): [Micros, Micros] {
  const { time, time_range } = world.archived().find(({ params }) => params[1] === text)!;
  return [time * SECOND_US, (time + time_range) * SECOND_US];
}

test("Recording lets a wild timestamp tell the time of its own message alone", () => {
  for (const wildMs of [0, 1, START_US / 1000 - 3.2e10, START_US / 1000 + 3.2e10]) {
    const world = new World();
    world.say(ROOMSTATE);
    world.say(exact("zero", wildMs));
    world.say(exact("one"));
    world.pass(3);
    world.say(exact("two", wildMs));
    world.say(notice("ranged"));
    world.recording.open(2, { receivedUs: world.wallUs, elapsedUs: world.elapsedUs });
    world.say(ROOMSTATE, 2);
    world.say(notice("elsewhere"), 2);
    world.say(exact("three", wildMs));
    assert.equal(world.counts.get("wild_timestamps"), 3);
    const now = { receivedUs: world.wallUs, elapsedUs: world.elapsedUs };
    assert.ok(Math.abs(world.recording.serverLagUs(now)!) < SECOND_US);
    for (const text of ["ranged", "elsewhere"]) world.assertHolds(text);
  }
});

test("Recording believes timestamps that contradict the clock once many agree", () => {
  const world = new World();
  world.say(exact("one"));
  const laterMs = START_US / 1000 + 3_600_000;
  for (let i = 0; i < 8; i++) world.say(exact(`late${i}`, laterMs + i));
  const now = { receivedUs: world.wallUs, elapsedUs: world.elapsedUs };
  assert.ok(Math.abs(world.recording.serverLagUs(now)! + 3600 * SECOND_US) < SECOND_US);
});

test("Recording goes by the wall clock after the machine was suspended, until a timestamp comes", () => {
  for (const isRestored of [false, true]) {
    const world = new World();
    world.say(ROOMSTATE);
    world.say(exact("one"));
    if (isRestored) world.restore();
    world.wallUs += 3600 * SECOND_US; // The monotonic clock stood still.
    world.say(notice("awake"));
    const [startUs, endUs] = rangeOf(world, "awake");
    assert.deepEqual([startUs - world.wallUs, Math.round(endUs - world.wallUs)], [-10e6, 5e6]);
    // By Twitch's clock it is two minutes later than by ours.
    world.say(exact("two", Math.round(world.wallUs / 1000) + 120_000));
    world.say(notice("known"));
    const [knownUs] = rangeOf(world, "known");
    assert.ok(Math.abs(knownUs - world.wallUs - 119e6) < 10_000);
  }
});

test("Recording stays with Twitch's clock when the wall clock is set", () => {
  for (const stepS of [-7200, -600, 300, 600]) {
    const world = new World();
    world.say(ROOMSTATE);
    world.say(exact("one"));
    world.pass(3);
    const trueUs = world.wallUs;
    world.wallUs += stepS * SECOND_US;
    world.say(notice("set"));
    const [startUs, endUs] = rangeOf(world, "set");
    assert.ok(startUs <= trueUs && trueUs <= endUs, `${stepS}`);
  }
});
