/** What keeps an open reading, and lets go of it when told. */
export interface OpenReading {
  /** Ends the reading once it is idle. */
  close(): void;
}

/** Reading a busy minute takes several times its bytes, so few are read at the same time. */
const RUNNING_MAX = 2;

/** An open reading keeps the files of the last minutes, up to 32 MiB, for the next ones. */
const OPEN_MAX = 4;

/**
 * Bounds the reading of archives for all who ask: a semaphore for reading minutes, and an LRU of the
 * readings that stay open for the next minute. Who asks for more waits in line.
 */
export class HeavyReads {
  readonly #waiting: (() => void)[] = [];
  readonly #open = new Set<OpenReading>();
  #running = 0;

  /** Runs `work` once fewer than two others run. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < RUNNING_MAX) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next(); // It takes over this one's place.
    }
  }

  /** `reading` is in use: should it be one too many, the one that was not used longest is closed. */
  keepOpen(reading: OpenReading): void {
    this.#open.delete(reading);
    this.#open.add(reading);
    for (const oldest of this.#open) {
      if (this.#open.size <= OPEN_MAX) break;
      this.#open.delete(oldest);
      oldest.close();
    }
  }

  /** `reading` is closed. */
  forget(reading: OpenReading): void {
    this.#open.delete(reading);
  }
}
