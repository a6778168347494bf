import { isChannelName } from "../../core/archive/archive_key.ts";
import { KeyedMutex } from "../../async/mutex.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { AdvisoryLocks, HeldLock } from "./advisory_locks.ts";
import type { PostgresClient } from "./connection/postgres_client.ts";

const WAIT_MIN_MS = 2;
const WAIT_MAX_MS = 100;

/**
 * The lock of an archive in PostgreSQL, shared by all processes that use that archive.
 *
 * A process whose connection breaks loses the lock, perhaps in the middle of its work and without knowing.
 * So what must happen under the lock, deleting, goes over the very connection that holds it
 * ({@link PostgresLock.heldFor}): once that is lost, no delete of this process can reach the database, and
 * its work fails. Storing needs no lock and does no harm.
 */
export class PostgresLock implements ArchiveLock {
  readonly #client: PostgresClient;
  readonly #locks: AdvisoryLocks;
  /** Callers in this process wait here, not at the database. */
  readonly #mutex = new KeyedMutex();
  readonly #held = new Map<string, HeldLock>();

  /** A lock of the archive at the client's address. */
  constructor(client: PostgresClient, locks: AdvisoryLocks) {
    this.#client = client;
    this.#locks = locks;
  }

  /** The lock of `channel`, while this process works under it. */
  heldFor(channel: string): HeldLock | undefined {
    return this.#held.get(channel);
  }

  async hold<T>(name: string, work: () => Promise<T>, { signal }: AbortOptions = {}): Promise<T> {
    if (!isChannelName(name)) throw new RangeError(`Cannot lock "${name}": it is no channel name`);
    return await this.#mutex.run(name, async () => {
      const held = await this.#take(name, signal);
      this.#held.set(name, held);
      try {
        return await work();
      } finally {
        this.#held.delete(name);
        await held.release();
      }
    }, signal);
  }

  async #take(channel: string, signal: AbortSignal | undefined): Promise<HeldLock> {
    const name = `chatloom channel ${this.#client.address.schema} ${channel}`;
    const attempt = `wait for a turn in "${channel}"`;
    for (let waitMs = WAIT_MIN_MS;; waitMs = Math.min(waitMs * 2, WAIT_MAX_MS)) {
      signal?.throwIfAborted();
      const held = await this.#client.again(() => this.#locks.take(name), { attempt, signal });
      if (held !== undefined) {
        if (!signal?.aborted) return held;
        await held.release();
        throw signal.reason;
      }
      await new Promise((wake) => setTimeout(wake, waitMs * (0.5 + Math.random())));
    }
  }
}
