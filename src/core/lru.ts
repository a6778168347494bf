/** The limits of an {@link Lru}, and its callback. */
export interface LruOptions<K, V> {
  /** The most entries. @default Infinity */
  readonly countMax?: number;
  /** The most that all entries cost together. @default Infinity */
  readonly costMax?: number;
  /** What a value costs, the same at any time. @default 0 */
  readonly costOf?: (value: V) => number;
  /** Called for each entry that is evicted for another; not for deleted ones. */
  readonly onEvict?: (key: K, value: V) => void;
}

/** A bounded map that evicts the least recently used entry. */
export class Lru<K, V> {
  readonly #options: LruOptions<K, V>;
  /** The least recently used first. */
  readonly #entries = new Map<K, V>();
  #cost = 0;

  /** An empty map. */
  constructor(options: LruOptions<K, V>) {
    this.#options = options;
  }

  /** How many entries it holds. */
  get size(): number {
    return this.#entries.size;
  }

  /** What its entries cost together. */
  get cost(): number {
    return this.#cost;
  }

  /** The value of `key`, which thereby counts as used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Whether it holds `key`, which does not count as using it. */
  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /**
   * Holds `value` in place of what `key` had, and evicts others until all fit. A value that by itself
   * costs more than all may is not held, and evicts none but the one it replaces.
   */
  set(key: K, value: V): void {
    const { countMax = Infinity, costMax = Infinity, onEvict } = this.#options;
    this.delete(key);
    const cost = this.#costOf(value);
    if (cost > costMax) return;
    this.#entries.set(key, value);
    this.#cost += cost;
    for (const [oldest, evicted] of this.#entries) {
      if (this.#entries.size <= countMax && this.#cost <= costMax) break;
      this.delete(oldest);
      onEvict?.(oldest, evicted);
    }
  }

  /** Deletes `key`, and returns whether it was held. */
  delete(key: K): boolean {
    const value = this.#entries.get(key);
    if (value === undefined) return false;
    this.#cost -= this.#costOf(value);
    return this.#entries.delete(key);
  }

  /** All entries, the least recently used first. Deleting while they are read is safe. */
  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries();
  }

  /** Deletes all entries. */
  clear(): void {
    this.#entries.clear();
    this.#cost = 0;
  }

  #costOf(value: V): number {
    return this.#options.costOf?.(value) ?? 0;
  }
}
