import { type Micros, SECOND_US } from "../../core/time.ts";
import { membershipLine } from "./lines.ts";
import type { Person } from "./people.ts";
import { between, chance, exponential, pick, type SeededRandom } from "../chance/seeded_random.ts";
import type { ChatSource, TimedLine } from "./chat_source.ts";

/** How people come and go. */
export interface MembershipTrafficOptions {
  /** Without `#`. */
  readonly channel: string;
  /** When it begins. */
  readonly startUs: Micros;
  /** JOINs and PARTs a second. */
  readonly ratePerSecond: number;
  /** The people who come and go. */
  readonly people: readonly Person[];
  /** The source of random numbers. */
  readonly random: SeededRandom;
}

// Twitch collects JOINs and PARTs and sends them together, up to half a minute late (observed).
const BATCH_SECONDS = [3, 30] as const;

/** People who come and go again and again: equal lines within minutes are hard to tell apart. */
const RESTLESS_COUNT = 6;
const RESTLESS_CHANCE = 0.4;

/** People who come and go. Its lines are late and in batches; the times of its events are exact. */
export class MembershipTraffic implements ChatSource {
  readonly #options: MembershipTrafficOptions;
  readonly #random: SeededRandom;
  readonly #present = new Set<string>();
  #timeUs: Micros;
  #batchUs: Micros;

  /** A room with half of the people in it. */
  constructor(options: MembershipTrafficOptions) {
    this.#options = options;
    this.#random = options.random;
    this.#timeUs = options.startUs;
    this.#batchUs = options.startUs;
    for (const { login } of options.people) {
      if (chance(this.#random, 0.5)) this.#present.add(login);
    }
  }

  /** Some of those who are there, at most a hundred. */
  chatters(): readonly string[] {
    return [...this.#present].slice(0, 100);
  }

  next(): TimedLine | undefined {
    const { channel, ratePerSecond, people } = this.#options;
    if (!(ratePerSecond > 0)) return undefined;
    this.#timeUs += Math.ceil(exponential(this.#random, SECOND_US / ratePerSecond));
    while (this.#batchUs < this.#timeUs) {
      this.#batchUs += Math.round(between(this.#random, BATCH_SECONDS) * SECOND_US);
    }
    const isRestless = chance(this.#random, RESTLESS_CHANCE);
    const { login } = pick(this.#random, isRestless ? people.slice(-RESTLESS_COUNT) : people);
    const command = this.#present.delete(login) ? "PART" : "JOIN";
    if (command === "JOIN") this.#present.add(login);
    const line = membershipLine(channel, { command, login });
    return { timeUs: this.#timeUs, arrivalUs: this.#batchUs, channel, line };
  }
}
