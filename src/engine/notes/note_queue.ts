import { KeyedMutex } from "../../async/mutex.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** How {@link NoteQueue} reports a note that cannot be kept. */
export interface NoteQueueOptions {
  readonly reporter: Reporter;
  /** The counter of failures; its label is the error's code. */
  readonly counter: string;
  /** Logged at the first failure, and not again before a note has succeeded. */
  readonly warning: string;
}

/**
 * Works on optional notes: changes of one place run one after another, so that none overwrites another,
 * and a failure of the store of notes is counted and logged instead of thrown. Other errors go to the
 * caller.
 */
export class NoteQueue {
  readonly #options: NoteQueueOptions;
  readonly #mutex = new KeyedMutex();
  #isFailing = false;

  /** An empty queue. */
  constructor(options: NoteQueueOptions) {
    this.#options = options;
  }

  /** Runs `work` when all changes of the place before it have ended. */
  async change(place: string, work: () => Promise<void>): Promise<void> {
    await this.#mutex.run(place, () => this.attempt(work));
  }

  /** Resolves when all changes of the place that were asked for so far have ended. Never rejects. */
  async idle(place: string): Promise<void> {
    await this.#mutex.run(place, () => Promise.resolve());
  }

  /** Runs `work` at once. Resolves with `undefined` when the notes cannot be read or written. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.#isFailing = false;
      return result;
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      const { code, message } = error;
      const { reporter, counter, warning } = this.#options;
      reporter.count(counter, { code });
      if (!this.#isFailing) reporter.report("warning", warning, { code, error: message });
      this.#isFailing = true;
      return undefined;
    }
  }
}
