import type { Clock } from "../../ports/clock.ts";
import { between, chance, type SeededRandom } from "./seeded_random.ts";

/** The faults of a network. */
export interface NetworkTrouble<M> {
  /** How likely a message is lost. */
  readonly lossChance?: number;
  /** How likely it arrives once more, with a delay of its own. */
  readonly repeatChance?: number;
  /** How long it takes, in milliseconds: anything in this range, so messages overtake each other. */
  readonly delayMs?: readonly [number, number];
  /** How likely it arrives damaged. */
  readonly damageChance?: number;
  /** Damages a message: returns another one and leaves this one unchanged. */
  readonly damage?: (message: M, random: SeededRandom) => M;
}

/** What a {@link SeededNetwork} works with. */
export interface SeededNetworkOptions<M> {
  /** Measures delays. */
  readonly clock: Clock;
  /** The source of random numbers. */
  readonly random: SeededRandom;
  /** The faults. @default none */
  readonly trouble?: NetworkTrouble<M>;
}

const DELAY_MS = [1, 30] as const;

/** A network between machines that loses, repeats, delays, reorders, damages and partitions, by seed. */
export class SeededNetwork<M> {
  /** The faults from now on. */
  trouble: NetworkTrouble<M>;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #over = new AbortController();
  readonly #machines = new Map<string, (from: string, message: M) => void>();
  #groups = new Map<string, number>();

  /** A network without machines. */
  constructor({ clock, random, trouble = {} }: SeededNetworkOptions<M>) {
    this.#clock = clock;
    this.#random = random;
    this.trouble = trouble;
  }

  /** From now on `deliver` gets the messages to `name`, in place of the receiver before. */
  attach(name: string, deliver: (from: string, message: M) => void): void {
    this.#machines.set(name, deliver);
  }

  /** From now on messages to `name` are lost. */
  detach(name: string): void {
    this.#machines.delete(name);
  }

  /**
   * Partitions the network: machines of one group reach each other; machines without a group form a last
   * one.
   */
  partition(groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((names, i) => names.map((name) => [name, i] as const)));
  }

  /** Ends the partition. */
  join(): void {
    this.#groups = new Map();
  }

  /** Whether messages of `from` can reach `to` now. */
  canReach(from: string, to: string): boolean {
    return this.#groups.get(from) === this.#groups.get(to);
  }

  /** Sends a message, which may or may not arrive. */
  send(message: M, { from, to }: { readonly from: string; readonly to: string }): void {
    const { lossChance = 0, repeatChance = 0 } = this.trouble;
    const copies = chance(this.#random, repeatChance) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (!chance(this.#random, lossChance)) this.#carry(this.#damaged(message), { from, to });
    }
  }

  /** Loses all messages on their way, and all that are sent from now on. */
  close(): void {
    this.#over.abort();
  }

  #damaged(message: M): M {
    const { damageChance = 0, damage } = this.trouble;
    if (damage === undefined || !chance(this.#random, damageChance)) return message;
    return damage(message, this.#random);
  }

  #carry(message: M, { from, to }: { readonly from: string; readonly to: string }): void {
    const delayMs = between(this.#random, this.trouble.delayMs ?? DELAY_MS);
    this.#clock.sleep(delayMs, this.#over.signal).then(
      () => {
        // A partition also loses messages on their way.
        if (this.canReach(from, to)) this.#machines.get(to)?.(from, message);
      },
      () => {}, // Closed: it is lost.
    );
  }
}
