import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Mutex } from "../../async/mutex.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { Connection } from "./connection.ts";
import { DamagedIndexError } from "../index_rows/damaged_index_error.ts";
import { indexError, isBusy, isDamage } from "./index_errors.ts";
import { SCHEMA, SCHEMA_VERSION, setUp } from "./index_schema.ts";
import type { Sqlite } from "./load_sqlite.ts";

/** An open database: one connection that writes and one that reads, so that an open write stops no reader. */
export interface OpenDatabase {
  readonly writer: Connection;
  readonly reader: Connection;
  /** Names this database among all that were in its place. */
  readonly epoch: string;
  /** Spreads words. */
  readonly salt: number;
  /** The file that was opened: tells whether another stands in its place. */
  readonly fileId: string;
}

const FILE = "chat.sqlite";
// SQLite waits without letting other tasks run, so it waits for short moments only.
const BUSY_MS = 10;
const BUSY_TRIES_MAX = 1_500;
const PAUSE_MS = 20;

/**
 * The database of an index, in a folder of its own with SQLite's files beside it.
 *
 * It is opened when first needed, and again when the folder was deleted or replaced, by a user or by a process
 * that found it damaged. A damaged one is removed as a whole: the folder is renamed first, so that no other
 * process meets half of it, and it is derived from the archive, so nothing is lost.
 */
export class IndexDatabase {
  readonly #sqlite: Sqlite;
  readonly #folder: string;
  readonly #writing = new Mutex();
  #open: OpenDatabase | undefined;
  #isClosed = false;

  /** A database in `folder`, which is made when first needed. */
  constructor(sqlite: Sqlite, folder: string) {
    this.#sqlite = sqlite;
    this.#folder = folder;
  }

  /**
   * Reads at once. `work` must not wait.
   *
   * @throws {ChatloomError} when the database cannot be read. If it is damaged, it is empty from then on.
   */
  read<T>(attempt: string, work: (database: OpenDatabase) => T): T {
    return this.#guard(attempt, () => {
      const database = this.#current();
      return database.reader.reading(() => work(database));
    });
  }

  /**
   * Changes the database in one transaction, one after another. `work` may wait.
   *
   * @throws {ChatloomError} when the database cannot be changed; it is as it was before, or empty if it is damaged.
   */
  async write<T>(
    attempt: string,
    work: (database: OpenDatabase) => T | Promise<T>,
  ): Promise<T> {
    return await this.#writing.run(async () => {
      await this.#whenFree(attempt, () => this.#current().writer.exec("BEGIN IMMEDIATE"));
      const database = this.#open!;
      try {
        const done = await work(database);
        database.writer.exec("COMMIT");
        return done;
      } catch (error) {
        rollBack(database);
        return this.#guard(attempt, () => {
          throw error;
        });
      }
    });
  }

  /** Runs `work` outside of a transaction, while no other caller of this process writes. */
  async maintain<T>(attempt: string, work: (database: OpenDatabase) => Promise<T>): Promise<T> {
    return await this.#writing.run(async () => {
      const database = this.#guard(attempt, () => this.#current());
      try {
        return await work(database);
      } catch (error) {
        return this.#guard(attempt, () => {
          throw error;
        });
      }
    });
  }

  /** Closes all connections, after the changes that are under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing.run(() => Promise.resolve(this.#drop()));
  }

  /** Tries until no other process writes; lets other tasks of this process run meanwhile. */
  async #whenFree(attempt: string, begin: () => void): Promise<void> {
    for (let tries = 0;; tries++) {
      try {
        return this.#guard(attempt, begin);
      } catch (error) {
        const cause = (error as Error).cause;
        if (!isBusy(cause) || tries >= BUSY_TRIES_MAX) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  #guard<T>(attempt: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) this.#remove();
      throw indexError(attempt, error);
    }
  }

  #current(): OpenDatabase {
    if (this.#isClosed) throw new ChatloomError("STORE_IO", "Cannot use the index: it is closed");
    if (this.#open !== undefined && this.#fileId() === this.#open.fileId) return this.#open;
    this.#drop();
    return this.#open = this.#openFile();
  }

  #openFile(): OpenDatabase {
    mkdirSync(this.#folder, { recursive: true });
    const writer = this.#connect();
    try {
      makeTables(writer);
      const reader = this.#connect();
      const [epoch, salt] = ["epoch", "salt"].map((name) =>
        reader.get("SELECT value FROM meta WHERE name = ?", name)?.["value"]
      );
      if (typeof epoch !== "string" || typeof salt !== "number") {
        throw new DamagedIndexError("it has no name");
      }
      return { writer, reader, epoch, salt, fileId: this.#fileId() };
    } catch (error) {
      writer.close();
      throw error;
    }
  }

  #connect(): Connection {
    const database = new this.#sqlite.DatabaseSync(join(this.#folder, FILE));
    const connection = new Connection(database);
    try {
      connection.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
      setUp(database);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  #fileId(): string {
    const stat = statSync(join(this.#folder, FILE), { throwIfNoEntry: false });
    return stat === undefined ? "" : `${stat.dev} ${stat.ino}`;
  }

  #drop(): void {
    this.#open?.reader.close();
    this.#open?.writer.close();
    this.#open = undefined;
  }

  /** Removes the database, unless another process has put a new one in its place. */
  #remove(): void {
    const known = this.#open?.fileId;
    this.#drop();
    if (known !== undefined && known !== this.#fileId()) return;
    const scratch = `${this.#folder}.damaged-${randomBytes(6).toString("hex")}`;
    try {
      renameSync(this.#folder, scratch);
      rmSync(scratch, { recursive: true, force: true });
    } catch {
      // The caller hears of the damage; the next call meets it again.
    }
  }
}

function rollBack({ writer }: OpenDatabase): void {
  try {
    writer.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back by itself. The first failure is the one to report.
  }
}

function makeTables(writer: Connection): void {
  writer.exec("PRAGMA journal_mode = WAL");
  const version = () => writer.get("PRAGMA user_version")?.["user_version"];
  if (version() === SCHEMA_VERSION) return;
  writer.exec("BEGIN IMMEDIATE");
  try {
    const found = version(); // Another process may have made them meanwhile.
    if (found === 0) {
      writer.exec(SCHEMA);
      writer.run("INSERT INTO meta VALUES ('epoch', ?)", randomBytes(9).toString("base64url"));
      writer.run("INSERT INTO meta VALUES ('salt', ?)", randomBytes(4).readInt32LE());
      writer.run("INSERT INTO meta VALUES ('revision', 0)");
      writer.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    } else if (found !== SCHEMA_VERSION) {
      throw new DamagedIndexError(`its form is ${found}, not ${SCHEMA_VERSION}`);
    }
    writer.exec("COMMIT");
  } catch (error) {
    writer.exec("ROLLBACK");
    throw error;
  }
}
