import type { Neighbours } from "../../core/recording/server_time.ts";
import { HOUR_US, type Micros, SECOND_US } from "../../core/time.ts";

/** The times that a line gives of itself. */
export interface LineTimes {
  /** By the clock of the machine that captured it. */
  readonly receivedUs: Micros | undefined;
  /** By Twitch's clock. */
  readonly sentUs: Micros | undefined;
}

/** A line, when it came, and the known bounds if the line does not give its time. */
export interface PlacedLine<L extends LineTimes> {
  readonly line: L;
  readonly atUs: Micros;
  /** `undefined` if it has its own received time. */
  readonly between: Neighbours | undefined;
}

/** At most this many lines wait for one that tells the time. */
const WAITING_MAX = 10_000;

/** A time that leaps must be confirmed by some of the next few. */
const WITNESSES = 3;

const LAG_MAX_US = 60 * SECOND_US;

/** How far from Twitch's clock a received time may be: before it, and behind it. */
const RECEIVED_EARLY_US = 10 * SECOND_US;
const RECEIVED_LATE_US = 5 * SECOND_US;

/**
 * Tells when each line of a capture came: by its own time, or else by those of its neighbours. Times
 * may leap, as over a pause or where another capture begins; but one that no later line confirms
 * is ignored.
 */
export class SteadyTimes<L extends LineTimes> {
  #waiting: L[] = [];
  /** How many of the waiting lines are known to have no time. */
  #passed = 0;
  /** The times of the waiting lines, from the first undecided one. */
  #times: Micros[] = [];
  #last: { readonly atUs: Micros; readonly afterUs: Micros } | undefined;

  /** Adds a line; returns those whose time is known now, in order. */
  push(line: L): PlacedLine<L>[] {
    this.#waiting.push(line);
    const timeUs = timeOf(line);
    if (timeUs !== undefined) this.#times.push(timeUs);
    const placed = this.#place(false);
    if (this.#waiting.length >= WAITING_MAX) placed.push(...this.#place(true), ...this.#release());
    return placed;
  }

  /** Returns the remaining lines. */
  end(): PlacedLine<L>[] {
    return [...this.#place(true), ...this.#release()];
  }

  #place(isLast: boolean): PlacedLine<L>[] {
    const placed: PlacedLine<L>[] = [];
    while (this.#times.length > 0) {
      while (timeOf(this.#waiting[this.#passed]!) === undefined) this.#passed++;
      const isSteady = this.#isSteady(isLast);
      if (isSteady === undefined) break;
      this.#times.shift();
      this.#passed++;
      if (!isSteady) continue;
      const lines = this.#waiting.splice(0, this.#passed);
      this.#passed = 0;
      this.#settle(lines, placed);
    }
    return placed;
  }

  /** Whether the first undecided time holds; `undefined` if more lines must decide. */
  #isSteady(isLast: boolean): boolean | undefined {
    const [timeUs, ...others] = this.#times as [Micros, ...Micros[]];
    const last = this.#last?.atUs;
    if (last !== undefined && timeUs >= last - LAG_MAX_US && timeUs <= last + HOUR_US) return true;
    if (others.length < WITNESSES && !isLast) return undefined;
    const witnesses = others.slice(0, WITNESSES);
    if (witnesses.length === 0) return last === undefined;
    const confirmed = witnesses.filter((each) => Math.abs(each - timeUs) <= HOUR_US).length;
    return 2 * confirmed > witnesses.length || (last === undefined && confirmed > 0);
  }

  /** The last of `lines` gives the time, and with it when the others came. */
  #settle(lines: readonly L[], placed: PlacedLine<L>[]): void {
    const teller = lines.at(-1)!;
    const tellerUs = timeOf(teller)!;
    const { afterUs, beforeUs } = boundsOf(teller);
    const isEarlier = this.#last !== undefined && tellerUs < this.#last.atUs - LAG_MAX_US;
    const between = { afterUs: this.#last?.afterUs, beforeUs: isEarlier ? undefined : beforeUs };
    const atUs = this.#last?.atUs ?? tellerUs;
    for (const line of lines.slice(0, -1)) placed.push({ line, atUs, between });
    const isReceived = teller.receivedUs !== undefined;
    placed.push({ line: teller, atUs: tellerUs, between: isReceived ? undefined : between });
    this.#last = { atUs: tellerUs, afterUs };
  }

  #release(): PlacedLine<L>[] {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#passed = 0;
    const between = { afterUs: this.#last?.afterUs, beforeUs: undefined };
    return lines.map((line) => ({ line, atUs: this.#last?.atUs ?? 0, between }));
  }
}

function timeOf({ receivedUs, sentUs }: LineTimes): Micros | undefined {
  return receivedUs ?? sentUs;
}

/** The bounds of Twitch's clock from the lines before and after. */
function boundsOf({ receivedUs, sentUs }: LineTimes): { afterUs: Micros; beforeUs: Micros } {
  const isExact = sentUs !== undefined &&
    (receivedUs === undefined || Math.abs(receivedUs - sentUs) <= LAG_MAX_US);
  if (isExact) return { afterUs: sentUs, beforeUs: sentUs };
  return { afterUs: receivedUs! - RECEIVED_EARLY_US, beforeUs: receivedUs! + RECEIVED_LATE_US };
}
