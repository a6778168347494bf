import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import { TimeQueue } from "../time/time_queue.ts";

/** How a {@link Schedule} keeps time. */
export interface ScheduleOptions {
  /** The source of time, of which only the monotonic clock counts: Twitch's clock does not step with ours. */
  readonly clock: Clock;
  /** What Twitch's clock shows at first. */
  readonly startUs: Micros;
  /** Events run at multiples of this; 0 for exactly in time. Saves timers on a real clock. */
  readonly quantumMs: number;
  /** Ends the schedule. */
  readonly signal: AbortSignal;
}

// A real clock may move on by this much before other tasks run. A virtual one stands still.
const SLICE_US = 10 * MILLISECOND_US;

/** Twitch's clock, and its scheduled events. */
export class Schedule {
  readonly #clock: Clock;
  readonly #leadUs: Micros;
  readonly #quantumUs: number;
  readonly #signal: AbortSignal;
  readonly #actions = new TimeQueue<() => void>();
  // Times that a sleeper waits for already. A sleeper that is no longer the first wakes and finds nothing
  // to do.
  readonly #armed = new Set<Micros>();
  #isActing = false;

  /** An empty schedule. */
  constructor({ clock, startUs, quantumMs, signal }: ScheduleOptions) {
    this.#clock = clock;
    this.#leadUs = startUs - clock.elapsedUs();
    this.#quantumUs = quantumMs * MILLISECOND_US;
    this.#signal = signal;
  }

  /** What Twitch's clock shows. */
  nowUs(): Micros {
    return this.#clock.elapsedUs() + this.#leadUs;
  }

  /** Runs `action` at `timeUs` of Twitch's clock or soon after, never before and never synchronously. */
  at(timeUs: Micros, action: () => void): void {
    const quantumUs = this.#quantumUs;
    const dueUs = quantumUs > 0 ? Math.ceil(timeUs / quantumUs) * quantumUs : timeUs;
    this.#actions.push(dueUs, action);
    if (!this.#isActing) this.#arm(); // Otherwise each action of many would set a timer for the next.
  }

  /** Runs `action` `delayMs` milliseconds from now. */
  after(delayMs: number, action: () => void): void {
    this.at(this.nowUs() + delayMs * MILLISECOND_US, action);
  }

  #arm(): void {
    const dueUs = this.#actions.peekAt();
    if (dueUs === undefined || this.#armed.has(dueUs) || this.#signal.aborted) return;
    this.#armed.add(dueUs);
    const delayMs = Math.max(0, dueUs - this.nowUs()) / MILLISECOND_US;
    this.#clock.sleep(delayMs, this.#signal).then(
      () => this.#act(dueUs),
      () => {}, // Aborted: it is over.
    );
  }

  #act(wokenForUs: Micros): void {
    this.#armed.delete(wokenForUs);
    const nowUs = this.nowUs();
    // A clock that wakes a little early must not cause a busy loop: the awaited action is due.
    const untilUs = Math.max(nowUs, wokenForUs);
    this.#isActing = true;
    try {
      while (!this.#signal.aborted && (this.#actions.peekAt() ?? Infinity) <= untilUs) {
        this.#actions.pop()!();
        // A machine that cannot keep up must still serve its sockets.
        if (this.nowUs() - nowUs > SLICE_US) break;
      }
    } finally {
      this.#isActing = false;
    }
    this.#arm();
  }
}
