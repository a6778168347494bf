import assert from "node:assert/strict";
import type { Clock } from "../../ports/clock.ts";
import { assertRejectsWith, type TestFunction } from "./suite.ts";

/** A clock that is being tested. */
export interface OpenClock {
  /** The clock. */
  readonly clock: Clock;
  /** Lets this much time pass; left out where time passes by itself. */
  advance?(byMs: number): void | Promise<void>;
}

/** What {@link clockSuite} needs. */
export interface ClockSuiteOptions {
  /** Registers one test. */
  readonly test: TestFunction;
  /** Makes the clock. */
  open(): OpenClock | Promise<OpenClock>;
}

/** Checks that a {@link Clock} keeps every promise of its port. */
export function clockSuite({ test, open }: ClockSuiteOptions): void {
  test("Clock tells whole microseconds, and elapsed time never goes back", async () => {
    const { clock, advance } = await open();
    let lastUs = clock.elapsedUs();
    for (let i = 0; i < 2000; i++) {
      if (i % 100 === 0) await advance?.(1);
      const elapsedUs = clock.elapsedUs();
      assert.ok(Number.isInteger(elapsedUs) && Number.isInteger(clock.wallUs()));
      assert.ok(elapsedUs >= lastUs, `${lastUs} → ${elapsedUs}`);
      lastUs = elapsedUs;
    }
  });

  test("Clock sleeps as long as it is told, on both clocks", async () => {
    const { clock, advance } = await open();
    for (const delayMs of [0, 1, 30.5]) {
      const [elapsedUs, wallUs] = [clock.elapsedUs(), clock.wallUs()];
      const sleep = clock.sleep(delayMs);
      await advance?.(delayMs);
      await sleep;
      const sleptUs = clock.elapsedUs() - elapsedUs;
      assert.ok(sleptUs >= delayMs * 1000 - 1, `slept ${sleptUs} µs for ${delayMs} ms`);
      assert.ok(sleptUs < delayMs * 1000 + 5_000_000, `slept ${sleptUs} µs for ${delayMs} ms`);
      // Unless the machine's clock is set during the test.
      assert.ok(Math.abs(clock.wallUs() - wallUs - sleptUs) < 100_000);
    }
  });

  test("Clock wakes sleepers in the order of their times", async () => {
    const { clock, advance } = await open();
    const woken: number[] = [];
    const sleeps = [60, 20, 40].map((ms) => clock.sleep(ms).then(() => woken.push(ms)));
    await advance?.(60);
    await Promise.all(sleeps);
    assert.deepEqual(woken, [20, 40, 60]);
  });

  test("Clock does not wake before time", async () => {
    const { clock, advance } = await open();
    let isAwake = false;
    const aborter = new AbortController();
    const sleep = clock.sleep(3_600_000, aborter.signal).then(() => isAwake = true);
    await advance?.(1000);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(isAwake, false);
    aborter.abort();
    await sleep.catch(() => {});
  });

  test("Clock ends a sleep with the reason of its signal, at once", async () => {
    const { clock } = await open();
    const reason = { why: "the test says so" };
    await assertRejectsWith(clock.sleep(1000, AbortSignal.abort(reason)), reason);
    const aborter = new AbortController();
    const startUs = clock.elapsedUs();
    const sleep = clock.sleep(3_600_000, aborter.signal);
    setTimeout(() => aborter.abort(reason), 1);
    await assertRejectsWith(sleep, reason);
    assert.ok(clock.elapsedUs() - startUs < 5_000_000);
  });

  test("Clock removes its listener from a signal whose sleep is over", async () => {
    const { clock, advance } = await open();
    const aborter = new AbortController();
    const heard = watchListeners(aborter.signal);
    const sleep = clock.sleep(1, aborter.signal);
    await advance?.(1);
    await sleep;
    assert.equal(heard.count, 0);
    aborter.abort(); // No sleep is left to reject.
  });
}

/** Counts the listeners of a signal: a long-lived one must not collect them. */
function watchListeners(signal: AbortSignal): { count: number } {
  const heard = { count: 0 };
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...rest: Parameters<typeof addEventListener>) => {
    heard.count++;
    return addEventListener.apply(signal, rest);
  };
  signal.removeEventListener = (...rest: Parameters<typeof removeEventListener>) => {
    heard.count--;
    return removeEventListener.apply(signal, rest);
  };
  return heard;
}
