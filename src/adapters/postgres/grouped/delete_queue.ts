import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import type { Connection } from "../connection/postgres_client.ts";
import { deleteStatement } from "./told_changes.ts";

/** A connection that holds a lock. */
type Holder = Pick<Connection, "lost" | "run">;

interface Delete {
  readonly key: ArchiveKey;
  readonly held: Holder;
  readonly resolve: () => void;
  /** Gets the client's own error. */
  readonly reject: (error: unknown) => void;
}

const ROWS_MAX = 100;

/**
 * Deletes over the connection that holds the locks. Those that come while others run happen together, in one
 * statement: the server flushes once for all of them, whatever channels they are of.
 */
export class DeleteQueue {
  readonly #schema: string;
  /** By the connection, whose end `lost` tells. */
  readonly #waiting = new WeakMap<AbortSignal, Delete[]>();

  /** A queue for the archive in `schema`. */
  constructor(schema: string) {
    this.#schema = schema;
  }

  /** Deletes `key`, for a caller that keeps the lock `held` meanwhile. Rejects with the client's own error. */
  delete(key: ArchiveKey, held: Holder): Promise<void> {
    return new Promise((resolve, reject) => {
      const added = { key, held, resolve, reject };
      const waiting = this.#waiting.get(held.lost);
      if (waiting !== undefined) return void waiting.push(added);
      this.#waiting.set(held.lost, [added]);
      // What a task deletes in one go belongs to one group.
      queueMicrotask(() => void this.#work(held.lost));
    });
  }

  async #work(connection: AbortSignal): Promise<void> {
    const waiting = this.#waiting.get(connection)!;
    while (waiting.length > 0) await this.#run(waiting.splice(0, ROWS_MAX));
    this.#waiting.delete(connection);
  }

  async #run(group: readonly Delete[]): Promise<void> {
    const [first] = group;
    try {
      // Any of the locks will do: the connection is the same.
      await first!.held.run(deleteStatement(this.#schema, group.map(({ key }) => key)));
      for (const { resolve } of group) resolve();
    } catch (error) {
      if (group.length === 1) return first!.reject(error);
      // Each by itself, so that none fails for its neighbour.
      for (const each of group) await this.#run([each]);
    }
  }
}
