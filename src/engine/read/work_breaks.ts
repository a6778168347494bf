import { runSteps, type Steps } from "../../core/steps.ts";
import { MILLISECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";

/** How long one task works before it lets others run. */
const STRETCH_MAX_US = 5 * MILLISECOND_US;

/** The clock is read once for this many steps: reading it costs as much as a step. */
const STEPS_PER_LOOK = 64;

/**
 * Divides long work into short stretches, so that the event loop answers other requests in between.
 * Each task has its own instance.
 */
export class WorkBreaks {
  readonly #clock: Clock;
  #sinceUs: number;
  #steps = 0;

  /** The first stretch begins now. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceUs = clock.elapsedUs();
  }

  /** Counts one small step of work. True when the stretch is over: then {@link take} a break. */
  get isDue(): boolean {
    if (++this.#steps % STEPS_PER_LOOK !== 0) return false;
    return this.#clock.elapsedUs() - this.#sinceUs >= STRETCH_MAX_US;
  }

  /** Takes a break if the stretch is over. For between steps that take milliseconds each. */
  async rest(): Promise<void> {
    if (this.#clock.elapsedUs() - this.#sinceUs >= STRETCH_MAX_US) await this.take();
  }

  /** Begins a stretch: the time before was spent waiting, not working. */
  begin(): void {
    this.#sinceUs = this.#clock.elapsedUs();
  }

  /** Lets the event loop run everything else that is ready, then begins the next stretch. */
  async take(): Promise<void> {
    await this.#clock.sleep(0);
    this.begin();
  }
}

/** Does work in steps, and rests between them; all at once without `rest`. */
export async function runWithRests<T>(steps: Steps<T>, rest?: () => Promise<void>): Promise<T> {
  if (rest === undefined) return runSteps(steps);
  let step = steps.next();
  while (!step.done) {
    await rest();
    step = steps.next();
  }
  return step.value;
}
