import type { FileCalls } from "./file_calls.ts";
import { SharedFlush } from "./shared_flush.ts";

/** Flushes folders, with few calls for many callers at a time. */
export class FolderSyncs {
  readonly #calls: FileCalls;
  readonly #flushes = new Map<string, SharedFlush>();

  /** Flushes through `calls`. */
  constructor(calls: FileCalls) {
    this.#calls = calls;
  }

  /** When it resolves, names that were in `folder` before the call survive a power cut. */
  async sync(folder: string): Promise<void> {
    let flush = this.#flushes.get(folder);
    if (flush === undefined) {
      flush = new SharedFlush(() => this.#calls.syncFolder(folder));
      this.#flushes.set(folder, flush);
    }
    try {
      await flush.request();
    } finally {
      if (flush.isIdle && this.#flushes.get(folder) === flush) this.#flushes.delete(folder);
    }
  }
}
