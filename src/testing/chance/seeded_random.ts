import type { Random } from "../../ports/random.ts";

/** Random numbers by seed. The same seed gives the same numbers, on every runtime. */
export interface SeededRandom extends Random {
  /** The seed, to print when a test fails. */
  readonly seed: string;

  /**
   * A generator of its own for `label`, which depends on the seed and the label only: drawing more
   * numbers in one part of a simulation leaves the other parts as they were.
   */
  fork(label: string | number): SeededRandom;
}

/** Makes a generator from a seed: sfc32 by Chris Doty-Humphrey, which passes PractRand. */
export function seededRandom(seed: string | number): SeededRandom {
  return new Sfc32(String(seed));
}

class Sfc32 implements SeededRandom {
  readonly seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.seed = seed;
    [this.#a, this.#b, this.#c] = spread(seed);
    for (let i = 0; i < 12; i++) this.#next32(); // Until each bit of the seed has reached all bits of the state.
  }

  next(): number {
    const high = this.#next32() >>> 5;
    const low = this.#next32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  fork(label: string | number): SeededRandom {
    return new Sfc32(`${this.seed}/${label}`);
  }

  #next32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

// Offsets and factors of three hashes like FNV-1a; any odd numbers would do.
const LANES = [[0x811c9dc5, 0x01000193], [0x9e3779b9, 0x85ebca6b], [
  0x5bd1e995,
  0xc2b2ae35,
]] as const;

/** Three numbers of 32 bits from a text. */
function spread(text: string): [number, number, number] {
  const hashes = LANES.map(([start, factor]) => {
    let hash: number = start;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), factor);
    return hash;
  });
  return hashes as [number, number, number];
}

/** A whole number in [0, `end`). */
export function intBelow(random: Random, end: number): number {
  return Math.floor(random.next() * end);
}

/** A number in [`range[0]`, `range[1]`). */
export function between(random: Random, range: readonly [number, number]): number {
  return range[0] + random.next() * (range[1] - range[0]);
}

/**
 * One of `items`, each as likely as any other.
 *
 * @throws {RangeError} when there is none.
 */
export function pick<T>(random: Random, items: readonly T[]): T {
  if (items.length === 0) throw new RangeError("Cannot pick one of no items");
  return items[intBelow(random, items.length)]!;
}

/**
 * One of the keys of `weights`, as likely as its weight says.
 *
 * @throws {RangeError} when no weight is above zero.
 */
export function pickWeighted<K extends string>(
  random: Random,
  weights: Readonly<Partial<Record<K, number>>>,
): K {
  const entries = Object.entries(weights) as [K, number | undefined][];
  const total = entries.reduce((sum, [, weight]) => sum + (weight ?? 0), 0);
  if (!(total > 0)) throw new RangeError("Cannot pick: no weight is above zero");
  let left = random.next() * total;
  for (const [key, weight = 0] of entries) {
    left -= weight;
    if (left < 0) return key;
  }
  return entries.findLast(([, weight = 0]) => weight > 0)![0]; // Rounding used up the rest.
}

/** True with `probability`: never at 0, always at 1. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

/** A new array with `items` in any order, all orders equally likely. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = intBelow(random, i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

/** The time until the next of many independent events that come every `mean` on average. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}
