/** Bounds of a {@link TaskWindow}. */
export interface TaskWindowLimits {
  /** How many tasks are in it, at the most. */
  readonly countMax: number;
  /** How many bytes they hold together, at the most; one task alone may hold more. */
  readonly bytesMax: number;
}

/**
 * Tasks that run side by side, bounded in number and bytes. A task is in the window from its start until
 * {@link TaskWindow.next} has given its result.
 */
export class TaskWindow<T> {
  readonly #limits: TaskWindowLimits;
  readonly #running = new Map<Promise<T>, number>();
  readonly #ended: Promise<T>[] = [];
  #bytes = 0;
  #wake: (() => void) | undefined;

  /** An empty window. */
  constructor(limits: TaskWindowLimits) {
    this.#limits = limits;
  }

  /** How many tasks are in the window. */
  get size(): number {
    return this.#running.size + this.#ended.length;
  }

  /** Whether another task may start. */
  get hasRoom(): boolean {
    return this.size < this.#limits.countMax && this.#bytes < this.#limits.bytesMax;
  }

  /** Adds a running task, which holds `bytes` until it has ended. */
  add(task: Promise<T>, bytes: number): void {
    this.#running.set(task, bytes);
    this.#bytes += bytes;
    const end = () => {
      this.#running.delete(task);
      this.#bytes -= bytes;
      this.#ended.push(task);
      this.#wake?.();
    };
    task.then(end, end);
  }

  /**
   * The result of the task that ended first of those in the window, once one has. Call it only while there are
   * some, and again only when it has resolved. Rejects as the task did.
   */
  async next(): Promise<T> {
    if (this.#ended.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    this.#wake = undefined;
    return await this.#ended.shift()!;
  }

  /** Resolves once all tasks in the window have ended, however they did, and drops their results. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.keys());
    this.#ended.length = 0;
  }
}
