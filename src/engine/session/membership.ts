import { type Micros, MILLISECOND_US } from "../../core/time.ts";

/** A channel that should be listened to. */
export interface WantedChannel {
  /** The login of its owner, in lower case, without `#`. */
  readonly name: string;
  /** Whether its failures are warnings and its retries fast. */
  readonly isImportant: boolean;
}

/**
 * How far a connection is with a channel: it will send a JOIN (`queued`), has sent it (`asked`), is in
 * (`joined`), or waits before it tries again (`refused`).
 */
export type MembershipState = "queued" | "asked" | "joined" | "refused";

/** A JOIN that is not confirmed within this time has failed. */
export const JOIN_TIMEOUT_MS = 10_000;

/** A membership that lasted this long begins anew with its retries. */
const STABLE_MS = 60_000;

const IMPORTANT_RETRY_MS = [10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 30_000];
const OTHER_RETRY_MS = [60_000, 120_000, 300_000, 600_000, 1_200_000, 1_800_000];

/** How long to wait after the `failures`-th failure in a row, counted from 1, in milliseconds. */
export function joinRetryMs(failures: number, isImportant: boolean): number {
  const waits = isImportant ? IMPORTANT_RETRY_MS : OTHER_RETRY_MS;
  return waits[Math.min(failures, waits.length) - 1] ?? 0;
}

/** The membership of one connection in one channel. Pure bookkeeping: the join queue calls it. */
export class Membership {
  /** The channel. Only its importance ever changes. */
  channel: WantedChannel;
  /** Why it failed last; `undefined` if it never failed or is in again. */
  reason: string | undefined;
  /** Whether the server showed that we are in, but not the state of the room. */
  isHalfIn = false;
  #state: MembershipState = "queued";
  #sinceUs: Micros;
  #retryUs: Micros = 0;
  #failures: number;

  /** Queued at `nowUs`, after `earlier` failed on an earlier connection. */
  constructor(channel: WantedChannel, nowUs: Micros, earlier?: Membership) {
    this.channel = channel;
    this.#sinceUs = nowUs;
    this.#failures = earlier?.state === "joined" ? 0 : earlier?.failures ?? 0;
  }

  /** How far it got. */
  get state(): MembershipState {
    return this.#state;
  }

  /** Since when it is in this state, in elapsed time. */
  get sinceUs(): Micros {
    return this.#sinceUs;
  }

  /** When a refused one is asked for again, in elapsed time. */
  get retryUs(): Micros {
    return this.#retryUs;
  }

  /** How often it failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Notes that a JOIN goes out. */
  ask(nowUs: Micros): void {
    this.#enter("asked", nowUs);
    this.isHalfIn = false;
  }

  /** Notes that the server confirmed the JOIN. */
  confirm(nowUs: Micros): void {
    this.#enter("joined", nowUs);
    this.reason = undefined;
    this.isHalfIn = true;
  }

  /** Notes that it failed, or ended, for `reason`: it waits, longer each time. */
  refuse(reason: string, nowUs: Micros): void {
    const wasStable = this.#state === "joined" && this.ageMs(nowUs) >= STABLE_MS;
    this.#failures = wasStable ? 1 : this.#failures + 1;
    this.reason = reason;
    const waitMs = joinRetryMs(this.#failures, this.channel.isImportant);
    this.#retryUs = nowUs + waitMs * MILLISECOND_US;
    this.#enter("refused", nowUs);
  }

  /** Notes that it ended, for `reason`: it tries again at once if it was in for long, else it waits. */
  leave(reason: string, nowUs: Micros): void {
    const wasStable = this.#state === "joined" && this.ageMs(nowUs) >= STABLE_MS;
    this.refuse(reason, nowUs);
    this.isHalfIn = false;
    if (!wasStable) return;
    this.#failures = 0;
    this.#retryUs = nowUs;
  }

  /** Notes that it waited long enough. */
  queue(nowUs: Micros): void {
    this.#enter("queued", nowUs);
  }

  /** How long it is in this state, in milliseconds. */
  ageMs(nowUs: Micros): number {
    return (nowUs - this.#sinceUs) / MILLISECOND_US;
  }

  #enter(state: MembershipState, nowUs: Micros): void {
    this.#state = state;
    this.#sinceUs = nowUs;
  }
}
