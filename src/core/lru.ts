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

/** An entry, in a ring from the least to the most recently used one. */
interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
  older: Entry<K, V>;
  newer: Entry<K, V>;
}

/** A bounded map that evicts the least recently used entry. Each call takes the same time, however many there are. */
export class Lru<K, V> {
  readonly #options: LruOptions<K, V>;
  readonly #entries = new Map<K, Entry<K, V>>();
  /** The place in the ring between the newest entry and the oldest; its own key and value mean nothing. */
  readonly #ends = {} as Entry<K, V>;
  #cost = 0;

  /** An empty map. */
  constructor(options: LruOptions<K, V>) {
    this.#options = options;
    this.#ends.older = this.#ends.newer = this.#ends;
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
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    unlink(entry);
    this.#link(entry);
    return entry.value;
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
    const entry = { key, value } as Entry<K, V>;
    this.#link(entry);
    this.#entries.set(key, entry);
    this.#cost += cost;
    while (this.#entries.size > countMax || this.#cost > costMax) {
      const oldest = this.#ends.newer;
      this.delete(oldest.key);
      onEvict?.(oldest.key, oldest.value);
    }
  }

  /** Deletes `key`, and returns whether it was held. */
  delete(key: K): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#cost -= this.#costOf(entry.value);
    unlink(entry);
    return this.#entries.delete(key);
  }

  /** All entries, the least recently used first. Deleting while they are read is safe. */
  *entries(): IterableIterator<[K, V]> {
    const all: Entry<K, V>[] = [];
    for (let at = this.#ends.newer; at !== this.#ends; at = at.newer) all.push(at);
    for (const entry of all) {
      if (this.#entries.get(entry.key) === entry) yield [entry.key, entry.value];
    }
  }

  /** Deletes all entries. */
  clear(): void {
    this.#entries.clear();
    this.#ends.older = this.#ends.newer = this.#ends;
    this.#cost = 0;
  }

  #costOf(value: V): number {
    return this.#options.costOf?.(value) ?? 0;
  }

  /** Makes an entry the most recently used one. */
  #link(entry: Entry<K, V>): void {
    const ends = this.#ends;
    entry.older = ends.older;
    entry.newer = ends;
    ends.older.newer = entry;
    ends.older = entry;
  }
}

function unlink<K, V>({ older, newer }: Entry<K, V>): void {
  older.newer = newer;
  newer.older = older;
}
