import assert from "node:assert/strict";
import { test } from "node:test";
import { WakeSignal } from "../../../src/engine/session/timing/wake_signal.ts";
import { keepAlive } from "../../../src/engine/session/timing/keep_alive.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";

/** A connection that is watched from 0 s on, and what was done to it when, in seconds. */
function watched({ isWelcomed = true, naps = 0, napsFrom = 0, napMs = 60_000 } = {}) {
  const clock = virtualClock();
  const wakeSignal = new WakeSignal();
  const startUs = clock.elapsedUs();
  const nowS = (): number => (clock.elapsedUs() - startUs) / 1e6;
  const done: [what: string, atS: number][] = [];
  const connection = { heardUs: startUs, hasEnded: false, isWelcomed };
  let sleeps = 0;
  const takesNap = (): boolean => ++sleeps > napsFrom && sleeps <= napsFrom + naps;
  /** A process that is stopped, for a minute, in each of its first sleeps. */
  const sleepy: Clock = {
    wallUs: () => clock.wallUs(),
    elapsedUs: () => clock.elapsedUs(),
    sleep: (ms, signal) => clock.sleep(takesNap() ? ms + napMs : ms, signal),
  };
  const over = keepAlive({
    hasEnded: () => connection.hasEnded,
    isWelcomed: () => connection.isWelcomed,
    heardUs: () => connection.heardUs,
    ping: () => void done.push(["ping", nowS()]),
    end: (reason) => {
      done.push([reason, nowS()]);
      connection.hasEnded = true;
    },
  }, { clock: sleepy, wakeSignal });
  const hear = (): void => void (connection.heardUs = clock.elapsedUs());
  return { clock, wakeSignal, done, connection, over, hear };
}

test("keepAlive ends a connection that is not welcomed within 15 s", async () => {
  const { clock, done, over } = watched({ isWelcomed: false });
  await clock.advance(14_999);
  assert.deepEqual(done, []);
  await clock.advance(1);
  assert.deepEqual(done, [["handshake timeout", 15]]);
  await over;
  assert.equal(clock.sleeperCount, 0);
});

test("keepAlive asks after 12 s of silence, and gives up 12 s later", async () => {
  const { clock, done, over, hear, wakeSignal } = watched();
  wakeSignal.wake(); // The welcome.
  await clock.advance(11_999);
  assert.deepEqual(done, []);
  await clock.advance(1);
  assert.deepEqual(done, [["ping", 12]]);
  await clock.advance(5_000);
  hear();
  await clock.advance(11_999);
  assert.deepEqual(done, [["ping", 12]]);
  await clock.advance(1);
  assert.deepEqual(done.slice(1), [["ping", 29]]);
  await clock.advance(11_999);
  assert.equal(done.length, 2);
  await clock.advance(1);
  assert.deepEqual(done.slice(2), [["silent", 41]]);
  await over;
});

test("keepAlive ends with the connection", async () => {
  const { clock, done, over, connection, wakeSignal } = watched();
  wakeSignal.wake();
  await clock.advance(5_000);
  connection.hasEnded = true;
  wakeSignal.wake();
  await over;
  assert.deepEqual([done, clock.sleeperCount], [[], 0]);
});

test("keepAlive waits a second more for what came while the process was stopped", async () => {
  const { clock, done, connection } = watched({ isWelcomed: false, naps: 1 });
  await clock.advance(75_000);
  assert.deepEqual(done, [], "the welcome may be unread yet");
  await clock.advance(999);
  assert.deepEqual(done, []);
  connection.isWelcomed = true;
  await clock.advance(1);
  assert.deepEqual(done, [["ping", 76]]);
});

test("keepAlive loses its patience with a process that is stopped again and again", async () => {
  const { clock, done, over } = watched({ isWelcomed: false, naps: 10 });
  await clock.run(over);
  assert.deepEqual(done, [["handshake timeout", 15 + 60 + 9 * 61]]);
});

test("keepAlive waits anew for an answer to what a busy process may have sent late", async () => {
  const { clock, done, over, hear, wakeSignal } = watched({ napMs: 5_000, napsFrom: 2, naps: 1 });
  wakeSignal.wake(); // The welcome.
  await clock.advance(29_000);
  assert.deepEqual(done, [["ping", 12]], "the sleep for the PONG takes 17 s");
  await clock.advance(10_000);
  hear();
  await clock.advance(11_000);
  assert.deepEqual(done, [["ping", 12]]);
  await clock.advance(25_000);
  assert.equal(done.at(-1)?.[0], "silent");
  await over;
});
