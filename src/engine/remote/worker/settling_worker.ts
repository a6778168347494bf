import { Settler } from "../../settle/settler.ts";
import type { Unsettled } from "../../settle/unsettled.ts";
import { toldTurns } from "./told_turns.ts";
import { Worker } from "./worker.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** What a {@link SettlingWorker} works with. */
export interface SettlingWorkerOptions extends Omit<WorkerOptions, "onStored"> {
  /** Remembers across crashes what is stored and not settled. */
  readonly unsettled: Unsettled;
}

/** A {@link Worker} that settles what it stores. */
export class SettlingWorker {
  readonly #settler: Settler;
  readonly #worker: Worker;

  /** A worker that begins with {@link SettlingWorker.run}. */
  constructor({ unsettled, ...options }: SettlingWorkerOptions) {
    const { store, hasher, clock, reporter, metrics } = options;
    const lock = toldTurns(options.lock, reporter);
    this.#settler = new Settler({ store, hasher, clock, reporter, lock, unsettled });
    metrics?.gauge("settle_pending", () => [{ value: this.#settler.pending }]);
    this.#worker = new Worker({
      ...{ ...options, lock },
      store: unsettled.watch(store),
      onStored: this.#settler.onFileStored,
    });
  }

  /** As {@link Worker.activeRanges}. */
  get activeRanges(): number[] {
    return this.#worker.activeRanges;
  }

  /**
   * Works until `signal` aborts, and settles what other processes left that ended, before and meanwhile. What is in
   * hand at the end is stored and settled, the rest given back.
   */
  async run(signal: AbortSignal): Promise<void> {
    await this.#settler.noteLeft({ signal });
    const settling = new AbortController();
    const running = [
      this.#settler.run(settling.signal),
      this.#settler.keepNotingLeft(settling.signal),
    ];
    try {
      await this.#worker.run(signal);
    } finally {
      settling.abort();
      await Promise.all(running);
    }
    await this.#settler.settleNoted();
  }
}
