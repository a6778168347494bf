import type { FileCalls } from "./file_calls.ts";

interface Flush {
  readonly now: Promise<void>;
  next: Promise<void> | undefined;
}

/** Flushes folders, many callers at a time: whoever comes during a flush shares the next one. */
export class FolderSyncs {
  readonly #calls: FileCalls;
  readonly #flushes = new Map<string, Flush>();

  /** Flushes through `calls`. */
  constructor(calls: FileCalls) {
    this.#calls = calls;
  }

  /** When it resolves, names that were in `folder` before the call survive a power cut. */
  sync(folder: string): Promise<void> {
    const flush = this.#flushes.get(folder);
    if (flush === undefined) return this.#begin(folder);
    // The flush under way may have begun before the caller's rename: only the next is sure.
    const begin = () => this.#begin(folder);
    flush.next ??= flush.now.then(begin, begin);
    return flush.next;
  }

  #begin(folder: string): Promise<void> {
    const flush: Flush = {
      now: this.#calls.syncFolder(folder).finally(() => {
        if (flush.next === undefined) this.#flushes.delete(folder);
      }),
      next: undefined,
    };
    this.#flushes.set(folder, flush);
    return flush.now;
  }
}
