/** A priority queue by time. Items of the same time come out in the order they went in. */
export class TimeQueue<T> {
  // A binary heap: entry i is not after entries 2i + 1 and 2i + 2.
  readonly #heap: { readonly at: number; readonly turn: number; readonly item: T }[] = [];
  #turn = 0;

  /** The number of items. */
  get size(): number {
    return this.#heap.length;
  }

  /** The time of the first item, or `undefined` if the queue is empty. */
  peekAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  /** The first item, which stays, or `undefined` if the queue is empty. */
  peek(): T | undefined {
    return this.#heap[0]?.item;
  }

  /** Adds `item`. */
  push(at: number, item: T): void {
    const heap = this.#heap;
    const entry = { at, turn: this.#turn++, item };
    let hole = heap.length;
    heap.push(entry);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[hole] = heap[parent]!;
      hole = parent;
    }
    heap[hole] = entry;
  }

  /** Removes and returns the first item, or returns `undefined` if the queue is empty. */
  pop(): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (heap.length === 0) return first.item;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[hole] = heap[child]!;
      hole = child;
    }
    heap[hole] = last;
    return first.item;
  }
}

interface Place {
  readonly at: number;
  readonly turn: number;
}

function isBefore(a: Place, b: Place): boolean {
  return a.at < b.at || (a.at === b.at && a.turn < b.turn);
}
