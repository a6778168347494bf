/** The clocks of a machine, each in milliseconds. */
export interface MachineClocks {
  /** Since 1970; may step. */
  wallMs(): number;
  /** Since some moment; stands still while the machine is suspended, on Linux at least. */
  monotonicMs(): number;
  /** Since the machine started, suspended or not; to the second is enough. */
  uptimeMs(): number;
}

/** The uptime is asked for when the wall clock got this far from the monotonic one. */
const NOTICED_MIN_MS = 1_000;

/** The uptime counts whole seconds: two readings differ by up to this from the time between them. */
const UPTIME_ERROR_MS = 1_000;

/**
 * Measures for how long a machine was suspended.
 *
 * The monotonic clock of Linux stands still meanwhile, and no runtime reads the one that does not. The
 * wall clock goes on, but one that is set looks the same; the uptime tells the two apart, and costs
 * too much to be read for each line.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/clock_gettime.2.html | CLOCK_BOOTTIME}
 */
export class SleepMeter {
  readonly #machine: MachineClocks;
  #seen: Reading;
  #sleptMs = 0;

  /** Measures from now on. */
  constructor(machine: MachineClocks) {
    this.#machine = machine;
    this.#seen = this.#look(machine.monotonicMs());
  }

  /** How long the machine was suspended in all, up to now, when the monotonic clock shows this. */
  untilMs(monotonicMs: number): number {
    const { wallMs, monotonicMs: seenMs, uptimeMs } = this.#seen;
    const gainMs = this.#machine.wallMs() - wallMs - (monotonicMs - seenMs);
    if (Math.abs(gainMs) < NOTICED_MIN_MS) return this.#sleptMs;
    const now = this.#look(monotonicMs);
    this.#seen = now;
    const missedMs = now.uptimeMs - uptimeMs - (monotonicMs - seenMs);
    if (missedMs < NOTICED_MIN_MS) return this.#sleptMs; // The wall clock was set.
    // The wall clock is finer, unless it was set as well.
    const isWallRight = Math.abs(gainMs - missedMs) <= UPTIME_ERROR_MS;
    return this.#sleptMs += isWallRight ? gainMs : missedMs;
  }

  #look(monotonicMs: number): Reading {
    return {
      wallMs: this.#machine.wallMs(),
      monotonicMs,
      uptimeMs: this.#uptimeMs(),
    };
  }

  #uptimeMs(): number {
    try {
      return this.#machine.uptimeMs();
    } catch {
      return this.#machine.monotonicMs(); // It may not be asked for: then a clock that is set it is.
    }
  }
}

interface Reading {
  readonly wallMs: number;
  readonly monotonicMs: number;
  readonly uptimeMs: number;
}
