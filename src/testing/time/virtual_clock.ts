import { type Micros, MILLISECOND_US, SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import { TimeQueue } from "./time_queue.ts";

/** How a {@link VirtualClock} begins. */
export interface VirtualClockOptions {
  /** What the wall clock shows at first, in microseconds: by default 2026-08-01T12:34:05.678901Z. */
  readonly startUs?: Micros;
  /** Waits until all ready work has run. By default one turn of the runtime's event loop. */
  readonly settle?: () => Promise<void>;
}

/** A clock whose time passes only when a test lets it. */
export interface VirtualClock extends Clock {
  /** How many sleep on this clock, on all its hosts. */
  readonly sleeperCount: number;

  /**
   * Lets `ms` milliseconds pass: wakes sleepers in the order of their time (those of one instant in
   * the order they went to sleep) and lets everything settle after each instant. One at a time.
   */
  advance(ms: number): Promise<void>;

  /** Lets time jump from sleeper to sleeper until none is left. Returns the milliseconds it took.
   *
   * @throws {RangeError} when one still sleeps after `limitMs` (default: a day).
   */
  runUntilIdle(options?: { readonly limitMs?: number }): Promise<number>;

  /**
   * Lets time jump from sleeper to sleeper until `work` settles, and returns or throws as it does.
   * While no task sleeps, waits `patienceMs` real milliseconds (default 60,000) for work that goes
   * on elsewhere, as in a disk.
   *
   * @throws {RangeError} when `work` is not done after `limitMs` (default: a day), or no task
   * sleeps and nothing happens.
   */
  run<T>(work: Promise<T>, options?: VirtualRunOptions): Promise<T>;

  /** Makes the wall clock jump by `us` microseconds, also backwards. Elapsed time does not notice. */
  stepWall(us: Micros): void;

  /** The clock of another machine: the same passing of time, a wall clock `wallOffsetUs` from this one's. */
  host(wallOffsetUs?: Micros): VirtualHost;
}

/** How long {@link VirtualClock.run} waits. */
export interface VirtualRunOptions {
  /** Virtual milliseconds the work may take. */
  readonly limitMs?: number;
  /** Real milliseconds in which something must happen while no task sleeps. */
  readonly patienceMs?: number;
}

/** The clock of one machine in a world that shares a {@link VirtualClock}. */
export interface VirtualHost extends Clock {
  /** Makes this machine's wall clock jump by `us` microseconds, also backwards. */
  stepWall(us: Micros): void;
}

const DAY_MS = 86_400_000;
// A loaded machine may stall its disks and threads for seconds.
const PATIENCE_MS = 60_000;

/** 2026-08-01T12:34:05.678901Z: not round, so that rounding shows. */
const START_US = 1_785_587_645_678_901;

/**
 * Makes a clock whose time passes only when a test lets it.
 *
 * @example
 * ```ts
 * import { virtualClock } from "@chatloom/chatloom/testing";
 *
 * const clock = virtualClock();
 * let isDone = false;
 * clock.sleep(1000).then(() => isDone = true);
 * await clock.advance(999); // isDone is false
 * await clock.advance(1); // isDone is true
 * ```
 */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  return new Timeline(options);
}

interface Sleeper {
  readonly wake: () => void;
  isGone: boolean;
}

class Timeline implements VirtualClock {
  readonly #sleepers = new TimeQueue<Sleeper>();
  readonly #settle: () => Promise<void>;
  // A virtual clock does not begin at zero, so that code which expects that fails.
  #elapsedUs = 3 * SECOND_US + 7;
  #wallLeadUs: number;
  #sleeperCount = 0;
  #isRunning = false;

  constructor({ startUs = START_US, settle = nextTurn }: VirtualClockOptions) {
    this.#wallLeadUs = startUs - this.#elapsedUs;
    this.#settle = settle;
  }

  get sleeperCount(): number {
    return this.#sleeperCount;
  }

  wallUs(): Micros {
    return this.#elapsedUs + this.#wallLeadUs;
  }

  elapsedUs(): Micros {
    return this.#elapsedUs;
  }

  stepWall(us: Micros): void {
    this.#wallLeadUs += us;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (!(delayMs >= 0)) return Promise.reject(new RangeError(`Cannot sleep ${delayMs} ms`));
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const sleeper: Sleeper = {
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
        isGone: false,
      };
      const onAbort = (): void => {
        sleeper.isGone = true;
        this.#sleeperCount--;
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#sleeperCount++;
      // 0.029 ms is 29.000000000000004 µs: what floating point adds must not delay a sleeper.
      const delayUs = Math.max(0, Math.ceil(delayMs * MILLISECOND_US - 1e-3));
      this.#sleepers.push(this.#elapsedUs + delayUs, sleeper);
    });
  }

  async advance(ms: number): Promise<void> {
    const untilUs = this.#elapsedUs + Math.round(ms * MILLISECOND_US);
    await this.#alone(async () => {
      await this.#settle();
      while (await this.#wakeNext(untilUs));
      this.#elapsedUs = untilUs;
    });
  }

  async runUntilIdle({ limitMs = DAY_MS }: { limitMs?: number } = {}): Promise<number> {
    const startUs = this.#elapsedUs;
    await this.#alone(async () => {
      await this.#settle();
      while (await this.#wakeNext(startUs + limitMs * MILLISECOND_US));
    });
    if (this.#sleeperCount > 0) {
      throw new RangeError(`Cannot run until idle: ${this.#sleeperCount} sleep past ${limitMs} ms`);
    }
    return (this.#elapsedUs - startUs) / MILLISECOND_US;
  }

  async run<T>(work: Promise<T>, options: VirtualRunOptions = {}): Promise<T> {
    const { limitMs = DAY_MS, patienceMs = PATIENCE_MS } = options;
    const untilUs = this.#elapsedUs + limitMs * MILLISECOND_US;
    let isSettled = false;
    const settled = (): void => void (isSettled = true);
    work.then(settled, settled);
    await this.#alone(async () => {
      await this.#settle();
      let idleSince = performance.now();
      while (!isSettled) {
        if (await this.#wakeNext(untilUs)) {
          idleSince = performance.now();
        } else if (this.#sleeperCount > 0) {
          throw new RangeError(`Cannot finish the work: it takes more than ${limitMs} ms`);
        } else if (performance.now() - idleSince > patienceMs) {
          throw new RangeError("Cannot finish the work: no task sleeps and nothing happens");
        } else {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
    });
    return await work;
  }

  host(wallOffsetUs: Micros = 0): VirtualHost {
    let offsetUs = wallOffsetUs;
    return {
      wallUs: () => this.wallUs() + offsetUs,
      elapsedUs: () => this.elapsedUs(),
      sleep: (delayMs, signal) => this.sleep(delayMs, signal),
      stepWall: (us) => void (offsetUs += us),
    };
  }

  /** Wakes all whose time is the next instant, unless it is after `untilUs`. */
  async #wakeNext(untilUs: Micros): Promise<boolean> {
    while (this.#sleepers.peek()?.isGone) this.#sleepers.pop();
    const atUs = this.#sleepers.peekAt();
    if (atUs === undefined || atUs > untilUs) return false;
    this.#elapsedUs = Math.max(this.#elapsedUs, atUs);
    // A task that sleeps for no time while others wake up continues after they settled.
    const awake: Sleeper[] = [];
    while (this.#sleepers.peekAt() === atUs) awake.push(this.#sleepers.pop()!);
    for (const sleeper of awake) {
      if (sleeper.isGone) continue;
      this.#sleeperCount--;
      sleeper.wake();
    }
    await this.#settle();
    return true;
  }

  async #alone(turn: () => Promise<void>): Promise<void> {
    if (this.#isRunning) throw new TypeError("Cannot move a virtual clock from two places at once");
    this.#isRunning = true;
    try {
      await turn();
    } finally {
      this.#isRunning = false;
    }
  }
}

// An event loop's next turn comes when no promise has anything left to do. In a browser, where there
// is no `setImmediate`, a timer does: slower, but it needs no closing as a MessageChannel would.
const immediate: (resume: () => void) => void =
  (globalThis as { setImmediate?: (resume: () => void) => void }).setImmediate ??
    ((resume) => void setTimeout(resume, 0));

function nextTurn(): Promise<void> {
  return new Promise((resolve) => immediate(resolve));
}
