import { type Micros, SECOND_US } from "../../core/time.ts";

/** What Twitch allows an account: `plain` is everyone's, `verified` a verified bot's. */
export type AccountKind = "plain" | "verified";

/** Documented: attempts to join in 10 s. */
const JOINS_MAX: Readonly<Record<AccountKind, number>> = { plain: 20, verified: 2_000 };

const JOIN_WINDOW_US = 10 * SECOND_US;

/** Documented in 2025: an account that is no verified bot may be in this many channels. */
export const CHANNELS_MAX: Readonly<Record<AccountKind, number>> = {
  plain: 100,
  verified: Infinity,
};

/** Counts an account's attempts to join. */
export class JoinLimit {
  readonly #max: number;
  /** When the last attempts came, oldest first: at most {@link JOINS_MAX}. */
  readonly #attemptsUs: Micros[] = [];

  /** A limit on the attempts of an account of this kind. */
  constructor(account: AccountKind) {
    this.#max = JOINS_MAX[account];
  }

  /** Counts an attempt and returns whether it is allowed. Refused ones count too. */
  attempt(nowUs: Micros): boolean {
    const firstUs = this.#attemptsUs.at(-this.#max);
    this.#attemptsUs.push(nowUs);
    if (this.#attemptsUs.length > this.#max) this.#attemptsUs.shift();
    return firstUs === undefined || firstUs <= nowUs - JOIN_WINDOW_US;
  }
}
