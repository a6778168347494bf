import type { Clock } from "../../ports/clock.ts";
import { between, chance, type SeededRandom } from "./seeded_random.ts";

/** What goes wrong on the way. */
export interface NetworkTrouble<M> {
  /** How likely a message is lost. */
  readonly lossChance?: number;
  /** How likely it arrives once more, with a delay of its own. */
  readonly repeatChance?: number;
  /** How long it takes, in milliseconds: anything in this range, so messages overtake each other. */
  readonly delayMs?: readonly [number, number];
  /** How likely it arrives damaged. */
  readonly damageChance?: number;
  /** What damage does to a message; must return another one and leave this one as it is. */
  readonly damage?: (message: M, random: SeededRandom) => M;
}

/** What a {@link SeededNetwork} is made of. */
export interface SeededNetworkOptions<M> {
  /** What delays are measured on. */
  readonly clock: Clock;
  /** Where chance comes from. */
  readonly random: SeededRandom;
  /** What goes wrong. By default nothing. */
  readonly trouble?: NetworkTrouble<M>;
}

const DELAY_MS = [1, 30] as const;

/** A network between machines that loses, repeats, delays, reorders, damages and falls apart, by seed. */
export class SeededNetwork<M> {
  /** What goes wrong from now on. */
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

  /** From now on `deliver` is handed what is sent to `name`, in place of the receiver before. */
  attach(name: string, deliver: (from: string, message: M) => void): void {
    this.#machines.set(name, deliver);
  }

  /** From now on what arrives at `name` is lost. */
  detach(name: string): void {
    this.#machines.delete(name);
  }

  /** Lets only those reach each other that are named in the same group; the others are a last one. */
  partition(groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((names, i) => names.map((name) => [name, i] as const)));
  }

  /** Lets everybody reach everybody again. */
  join(): void {
    this.#groups = new Map();
  }

  /** Whether what `from` sends can reach `to` now. */
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

  /** Loses all that is on its way, and all that is sent from now on. */
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
        // A partition also takes what is on its way.
        if (this.canReach(from, to)) this.#machines.get(to)?.(from, message);
      },
      () => {}, // Closed: it is lost.
    );
  }
}
