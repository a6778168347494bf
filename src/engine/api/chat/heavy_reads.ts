import { Semaphore } from "../../../async/semaphore.ts";
import { Lru } from "../../../core/lru.ts";

/** A holder of an open reading, which closes it on request. */
export interface OpenReading {
  /** Ends the reading once it is idle. */
  close(): void;
}

/** Reading a busy minute takes several times its bytes, so few are read at the same time. */
const RUNNING_MAX = 2;

/** An open reading keeps the files of the last minutes, up to 32 MiB, for the next ones. */
const OPEN_MAX = 4;

/**
 * Bounds the reading of archives for all requests: a semaphore for reading minutes, and an LRU of the
 * readings that stay open for the next minute. Further requests queue.
 */
export class HeavyReads {
  readonly #running = new Semaphore(RUNNING_MAX);
  readonly #open = new Lru<OpenReading, OpenReading>({
    countMax: OPEN_MAX,
    onEvict: (reading) => reading.close(),
  });

  /** Runs `work` once fewer than two others run. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#running.run(work);
  }

  /** Marks `reading` as used. If it is one too many, the least recently used one is closed. */
  keepOpen(reading: OpenReading): void {
    this.#open.set(reading, reading);
  }

  /** Forgets `reading`, which is closed. */
  forget(reading: OpenReading): void {
    this.#open.delete(reading);
  }
}
