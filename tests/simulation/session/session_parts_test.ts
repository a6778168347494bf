import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { joinRefusal } from "../../../src/engine/session/join_refusal.ts";
import { utf8Length } from "../../../src/engine/session/lines/utf8_length.ts";
import { Backoff } from "../../../src/engine/session/timing/backoff.ts";
import { WakeSignal } from "../../../src/engine/session/timing/wake_signal.ts";
import { SlidingWindow } from "../../../src/engine/session/timing/sliding_window.ts";
import { connectionCount, leastLoaded } from "../../../src/engine/session/assignment.ts";
import { intBelow, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { SEED } from "./session_world.ts";

test("SlidingWindow lets as many through as it may, and never more in any stretch", () => {
  const random = seededRandom(SEED);
  for (let round = 0; round < 200; round++) {
    const limit = { count: 1 + intBelow(random, 5), lengthMs: 1 + intBelow(random, 20) };
    const window = new SlidingWindow(limit);
    const takenUs: number[] = [];
    for (let nowUs = 0; takenUs.length < 40; nowUs += intBelow(random, 3_000)) {
      const inWindow = takenUs.filter((atUs) => atUs > nowUs - limit.lengthMs * 1_000).length;
      const waitMs = window.waitMs(nowUs);
      assert.equal(waitMs === 0, inWindow < limit.count, `SIM_SEED=${SEED} round ${round}`);
      if (waitMs === 0) {
        window.take(nowUs);
        takenUs.push(nowUs);
      } else {
        // It says exactly when the next may go.
        assert.equal(window.waitMs(nowUs + waitMs * 1_000 - 1) > 0, true);
        assert.equal(window.waitMs(nowUs + waitMs * 1_000), 0);
      }
    }
  }
});

test("Backoff doubles the longest wait up to half a minute, and takes any share of it", () => {
  const longest = new Backoff({ next: () => 1 - 2 ** -53 });
  const waits = Array.from({ length: 8 }, () => Math.round(longest.nextMs()));
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  for (let i = 0; i < 2_000; i++) assert.ok(longest.nextMs() <= 30_000);
  longest.reset();
  assert.equal(Math.round(longest.nextMs()), 1_000);
  assert.equal(new Backoff({ next: () => 0 }).nextMs(), 0);
});

test("WakeSignal wakes who waits, or who will, or when it is time, and leaves no timer", async () => {
  const clock = virtualClock();
  const wakeSignal = new WakeSignal();
  wakeSignal.wake();
  await wakeSignal.wait(clock, 1_000);
  assert.equal(clock.sleeperCount, 0, "it had rung");

  let isAwake = false;
  const waiting = wakeSignal.wait(clock, 1_000).then(() => isAwake = true);
  await clock.advance(999);
  assert.equal(isAwake, false, "one ring is good for one wait");
  await clock.advance(1);
  assert.equal(isAwake, true);
  await waiting;

  const rung = wakeSignal.wait(clock, 1_000);
  wakeSignal.wake();
  await rung;
  assert.equal(clock.sleeperCount, 0);

  const forEver = wakeSignal.wait(clock);
  await clock.advance(86_400_000);
  assert.equal(clock.sleeperCount, 0);
  wakeSignal.wake();
  await forEver;
});

test("connectionCount and leastLoaded seat channels on few benches, evenly, never twice on one", () => {
  assert.equal(connectionCount(0, { copies: 3, seats: 50 }), 0);
  assert.equal(connectionCount(1, { copies: 3, seats: 50 }), 3);
  assert.equal(connectionCount(50, { copies: 1, seats: 50 }), 1);
  assert.equal(connectionCount(51, { copies: 2, seats: 50 }), 3);
  const bench = (...names: string[]) => ({ channels: new Map(names.map((name) => [name, true])) });
  const benches = [bench("a", "b"), bench("a"), bench("c")];
  assert.equal(leastLoaded(benches, { name: "a", seats: 2 }), benches[2]);
  assert.equal(leastLoaded(benches, { name: "b", seats: 2 }), benches[1]);
  assert.equal(leastLoaded(benches, { name: "x", seats: 1 }), undefined);
  assert.equal(leastLoaded([], { name: "x", seats: 1 }), undefined);
});

test("utf8Length is the length of what TextEncoder writes", () => {
  const random = seededRandom(SEED);
  const units = ["a", "\x7f", "\x80", "\u07ff", "\u0800", "\uffff", "\ud83e", "\udd21", "🤡"];
  for (let round = 0; round < 2_000; round++) {
    const text = Array.from({ length: intBelow(random, 9) }, () => pick(random, units)).join("");
    assert.equal(utf8Length(text), new TextEncoder().encode(text).length, JSON.stringify(text));
  }
});

test("joinRefusal knows what keeps us out of a channel, and nothing else", () => {
  const refusals: Record<string, string | undefined> = {
    "@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #a :Suspended.": "msg_channel_suspended",
    "@msg-id=msg_banned :tmi.twitch.tv NOTICE #a :You are banned.": "msg_banned",
    "@msg-id=tos_ban :tmi.twitch.tv NOTICE #a :Closed.": "tos_ban",
    ":tmi.twitch.tv 403 justinfan1 #a :No such channel": "no such channel",
    "@msg-id=slow_on :tmi.twitch.tv NOTICE #a :Slow mode.": undefined,
    ":tmi.twitch.tv NOTICE #a :msg_banned": undefined,
    "@msg-id=msg_banned :x!x@x PRIVMSG #a :hello": undefined,
  };
  for (const [line, reason] of Object.entries(refusals)) {
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    const expected = reason === undefined ? undefined : { channel: "a", reason };
    assert.deepEqual(joinRefusal(parsed.message), expected, line);
  }
});
