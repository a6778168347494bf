// `pg`, because it fails fast and lets go when a server dies in the middle of a statement, where the other
// client of its age hung for seconds (measured 2026-11); this file is all that names it.
import type { Socket } from "node:net";
import pg from "pg";
import { orAbort } from "../../../async/abort.ts";
import { Semaphore } from "../../../async/semaphore.ts";
import type { AbortOptions } from "../../../ports/batch_store.ts";
import type { PostgresAddress } from "./postgres_address.ts";
import { isDisconnection, isTransient, postgresError } from "./postgres_errors.ts";

/** A statement and its parameters. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Parsed and planned once a connection under this name. @default each time */
  readonly name?: string;
}

/** What is asked of the database, and for how long. */
export interface AskOptions extends AbortOptions {
  /** What the statement is for; goes on from "Cannot". */
  readonly attempt: string;
  /** For how long it is tried again while the database is away, in ms. @default the client's */
  readonly patienceMs?: number;
}

/** How {@link PostgresClient} behaves. */
export interface PostgresClientOptions {
  /** For how long statements are tried again while the database is away, in ms. @default 15 s */
  readonly patienceMs?: number;
}

/** A row of an answer, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement of a transaction. Rejects with the client's own error. */
export type Run = (statement: Statement) => Promise<readonly Row[]>;

/** A connection of its own, which is not shared and not made again. */
export interface Connection {
  /** Aborts when the connection is lost or closed. */
  readonly lost: AbortSignal;
  /** Runs one statement. Rejects with the client's own error. */
  run(statement: Statement): Promise<readonly Row[]>;
  /** Has `onNotice` called with what is told on channels that it listens to. */
  onNotice(onNotice: (payload: string) => void): void;
  /** Whether the process stays alive for this connection. */
  keepProcess(isKept: boolean): void;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 8;
const CONNECT_MAX_MS = 10_000;
const STATEMENT_MAX_MS = 60_000;
/** More than the server's own limit: this one is for a server that does not answer at all. */
const ANSWER_MAX_MS = STATEMENT_MAX_MS + 15_000;
const PATIENCE_MS = 15_000;
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 2_000;

// A role or a database may have it off: then the server says yes to what a power cut would lose.
// The server notices within 30 s that a client's machine is gone, and frees its locks.
const SETTINGS = `select
  set_config('synchronous_commit', case current_setting('synchronous_commit')
    when 'off' then 'on' else current_setting('synchronous_commit') end, false),
  set_config('tcp_keepalives_idle', '15', false),
  set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '3', false)`;

/** Statements over a bounded number of connections, tried again while the database is away. */
export class PostgresClient {
  /** Where the database is. */
  readonly address: PostgresAddress;
  readonly #pool: pg.Pool;
  readonly #patienceMs: number;
  // The pool's own line ends by a timeout under load; this one waits as long as it takes.
  readonly #turns = new Semaphore(CONNECTIONS_MAX);

  /** For the database at `address`; connects when it is first asked. */
  constructor(address: PostgresAddress, { patienceMs = PATIENCE_MS }: PostgresClientOptions = {}) {
    this.address = address;
    this.#patienceMs = patienceMs;
    this.#pool = new pg.Pool({
      ...configOf(address),
      max: CONNECTIONS_MAX,
      allowExitOnIdle: true,
      onConnect: async (client) => {
        client.on("error", () => {}); // While a statement runs it rejects; nothing else needs to know.
        await client.query(SETTINGS);
      },
    });
    this.#pool.on("error", () => {}); // An idle connection was lost: the next statement makes another.
  }

  /**
   * Runs one statement, which must do no harm when it runs twice: after a broken connection nothing says
   * whether it ran.
   *
   * @throws {ChatloomError} as {@link postgresError} translates.
   */
  async ask(statement: Statement, options: AskOptions): Promise<readonly Row[]> {
    const { signal } = options;
    signal?.throwIfAborted();
    const asked = this.again(() => this.once(statement), options);
    // Statements are bounded in time; one that the caller gave up ends by itself.
    return await (signal === undefined ? asked : orAbort(asked, signal));
  }

  /** Runs one statement once. Rejects with the client's own error. */
  async once(statement: Statement): Promise<readonly Row[]> {
    return await this.#withClient((client) => run(client, statement));
  }

  /**
   * Runs statements as one transaction: all of them happen or none. Rejects with the client's own error, or with
   * that of `work`.
   *
   * @param begin the statement that begins it.
   */
  async transact<T>(begin: string, work: (run: Run) => Promise<T>): Promise<T> {
    return await this.#withClient(async (client) => {
      await run(client, { text: begin });
      let done;
      try {
        done = await work((statement) => run(client, statement));
      } catch (error) {
        // Where this fails too, the connection is closed, and the server rolls back.
        await run(client, { text: "rollback" }).catch((cause) => {
          throw isDisconnection(error) ? error : cause;
        });
        throw error;
      }
      await run(client, { text: "commit" });
      return done;
    });
  }

  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return await this.#turns.run(async () => {
      const client = await this.#pool.connect();
      let failure: unknown;
      try {
        return await work(client);
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        client.release(failure !== undefined && isDisconnection(failure));
      }
    });
  }

  /**
   * Runs `work` again until it succeeds, fails for good, or the database was away for too long.
   *
   * @throws {ChatloomError} as {@link postgresError} translates; `signal.reason` if that aborts in a pause.
   */
  async again<T>(
    work: () => Promise<T>,
    { attempt, signal, patienceMs = this.#patienceMs }: AskOptions,
  ): Promise<T> {
    const endMs = performance.now() + patienceMs;
    for (let pauseMs = PAUSE_MIN_MS;; pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS)) {
      try {
        return await work();
      } catch (error) {
        if (!isTransient(error) || performance.now() + pauseMs > endMs) {
          throw postgresError(`${attempt} in archive "${this.address.shown}"`, error);
        }
      }
      // Partly random, or all clients of a server that came back would come at once.
      await pause(pauseMs * (0.5 + Math.random()), signal);
    }
  }

  /** Opens a connection of its own. Rejects with the client's own error. */
  async connect(): Promise<Connection> {
    const client = new pg.Client(configOf(this.address));
    const lost = new AbortController();
    client.on("error", (error: Error) => lost.abort(error));
    client.on("end", () => lost.abort(new Error("Connection terminated")));
    await client.connect();
    await run(client, { text: SETTINGS });
    const socket = client as unknown as Pick<Socket, "ref" | "unref">; // Not in its types (8.23).
    return {
      lost: lost.signal,
      run: async (statement) => {
        try {
          return await run(client, statement);
        } catch (error) {
          // What may have run and what holds its locks must not stay behind in the server.
          if (isDisconnection(error)) await client.end().catch(() => {});
          throw error;
        }
      },
      onNotice: (onNotice) =>
        void client.on("notification", ({ payload }) => onNotice(payload ?? "")),
      keepProcess: (isKept) => isKept ? socket.ref() : socket.unref(),
      close: async () => await client.end(),
    };
  }

  /** Closes all connections, after what they do. */
  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end();
  }
}

function configOf({ url }: PostgresAddress): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: "chatloom",
    connectionTimeoutMillis: CONNECT_MAX_MS,
    statement_timeout: STATEMENT_MAX_MS,
    query_timeout: ANSWER_MAX_MS,
    idle_in_transaction_session_timeout: STATEMENT_MAX_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

async function run(
  client: pg.ClientBase,
  { text, values = [], name }: Statement,
): Promise<readonly Row[]> {
  const named = name === undefined ? {} : { name };
  const { rows } = await client.query<Record<string, unknown>>({
    text,
    values: [...values],
    ...named,
  });
  return rows;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", leave);
      resolve();
    }, ms);
    signal?.addEventListener("abort", leave, { once: true });
  });
}
