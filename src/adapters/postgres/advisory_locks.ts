import { ChatloomError } from "../../core/errors/errors.ts";
import { Mutex } from "../../async/mutex.ts";
import type { Connection, PostgresClient, Row, Statement } from "./connection/postgres_client.ts";
import { isTransient } from "./connection/postgres_errors.ts";

/** A lock that this process got. Another one can get it once it is released or {@link HeldLock.lost}. */
export interface HeldLock {
  /** Aborts when the connection is lost, and with it the lock. */
  readonly lost: AbortSignal;
  /**
   * Runs a statement on the connection that holds the lock: it happens while the lock is held, or not at
   * all. Rejects with the client's own error.
   */
  run(statement: Statement): Promise<readonly Row[]>;
  /** Gives the lock back. Never rejects. */
  release(): Promise<void>;
}

const REGAIN_MIN_MS = 100;
const REGAIN_MAX_MS = 5_000;

/**
 * Advisory locks of PostgreSQL, all on one connection of their own: the server frees them when the
 * connection ends, so a process that dies has none. Within this object each name may be taken once at a time.
 */
export class AdvisoryLocks {
  readonly #client: PostgresClient;
  readonly #connecting = new Mutex();
  readonly #beacons: { readonly name: string; readonly onRegained: () => Promise<void> }[] = [];
  #connection: Connection | undefined;
  #held = 0;
  #isClosed = false;

  /** Connects when the first lock is asked for. */
  constructor(client: PostgresClient) {
    this.#client = client;
  }

  /** Takes the lock `name`, or returns `undefined` where another connection has it. */
  async take(name: string): Promise<HeldLock | undefined> {
    const connection = await this.#connect();
    this.#keep(1);
    const [row] = await connection.run(statementOf("pg_try_advisory_lock", name))
      .catch((error: unknown) => {
        this.#keep(-1);
        throw error;
      });
    if (row?.["done"] !== true) {
      this.#keep(-1);
      return undefined;
    }
    return {
      lost: connection.lost,
      run: (statement) => connection.run(statement),
      release: async () => {
        // If this fails the connection is gone, or is closed now: the server frees the lock in either case.
        await connection.run(statementOf("pg_advisory_unlock", name))
          .catch(async () => await connection.close().catch(() => {}));
        this.#keep(-1);
      },
    };
  }

  /**
   * Holds the lock `name`, which no other process wants, until the process ends: others see that it lives.
   * Where the connection was lost it is taken again, and `onRegained` is called: others may have seen it gone.
   */
  async hold(name: string, onRegained: () => Promise<void>): Promise<void> {
    const connection = await this.#connect();
    this.#keep(1);
    try {
      await connection.run(statementOf("pg_advisory_lock", name));
    } finally {
      this.#keep(-1);
    }
    this.#beacons.push({ name, onRegained });
  }

  /** Closes the connection; all locks are free. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection?.close().catch(() => {}); // Closed is closed.
  }

  /** The process waits for work under a lock, and not for a connection without any. */
  #keep(change: 1 | -1): void {
    this.#held += change;
    this.#connection?.keepProcess(this.#held > 0);
  }

  #connect(): Promise<Connection> {
    return this.#connecting.run(async () => {
      if (this.#connection !== undefined && !this.#connection.lost.aborted) return this.#connection;
      const connection = await this.#client.connect();
      connection.keepProcess(this.#held > 0);
      for (const { name } of this.#beacons) {
        await connection.run(statementOf("pg_advisory_lock", name));
      }
      connection.lost.addEventListener("abort", () => void this.#regain(), { once: true });
      return this.#connection = connection;
    });
  }

  async #regain(): Promise<void> {
    let pauseMs = REGAIN_MIN_MS;
    while (!this.#isClosed && this.#beacons.length > 0) {
      try {
        await this.#connect();
        for (const { onRegained } of this.#beacons) await onRegained();
        return;
      } catch (error) {
        const cause = error instanceof ChatloomError ? error.cause : error;
        if (!isTransient(cause)) return; // Notes save work; without them the next start looks further.
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs * (0.5 + Math.random()));
        timer.unref();
      });
      pauseMs = Math.min(2 * pauseMs, REGAIN_MAX_MS);
    }
  }
}

function statementOf(call: string, name: string): Statement {
  return {
    name: `chatloom ${call}`,
    text: `select ${call}(hashtextextended($1, 0)) as done`,
    values: [name],
  };
}
