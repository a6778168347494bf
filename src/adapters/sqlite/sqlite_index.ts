import { join, resolve } from "node:path";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { ChatIndex } from "../../ports/index/chat_index.ts";
import { STATE_FOLDER } from "../file_system/store/archive_walk.ts";
import { IndexDatabase, type OpenDatabase } from "./index_database.ts";
import { IndexReader } from "./index_reader.ts";
import { hourNumber, IndexWriter, PeopleNumbers } from "./index_writer.ts";
import { loadSqlite } from "./load_sqlite.ts";
import { HOURS_PER_CHANNEL } from "./index_schema.ts";
import { TIME_END_US } from "../../core/time.ts";

/**
 * The index of the archive in `root`, in its state folder; `undefined` if this runtime has no SQLite
 * (Node 20). Opens no file before it is used. Several processes may use it at once.
 */
export function sqliteIndex(root: string): ChatIndex | undefined {
  const sqlite = loadSqlite();
  return sqlite && new SqliteIndex(new IndexDatabase(sqlite, indexFolder(root)));
}

/** The folder of the index of the archive in `root`. Deleting it deletes the index. */
export function indexFolder(root: string): string {
  return join(resolve(root), STATE_FOLDER, "index");
}

/** How long a change works before it lets other tasks run. */
const STRETCH_MAX_MS = 8;

/** How many pages are merged at a time. */
const MERGED_PAGES = 64;

class SqliteIndex implements ChatIndex {
  readonly #database: IndexDatabase;
  readonly #people = new PeopleNumbers();

  constructor(database: IndexDatabase) {
    this.#database = database;
  }

  putHours: ChatIndex["putHours"] = async (channel, hours, { signal } = {}) => {
    signal?.throwIfAborted();
    await this.#change(`index "${channel}"`, async (database) => {
      const rest = breaks(signal);
      const writer = new IndexWriter(channel, { database, people: this.#people, rest });
      for (const hour of hours) await writer.put(hour);
      await writer.finish();
    });
  };

  restampHours: ChatIndex["restampHours"] = async (channel, hours) => {
    await this.#change(`index "${channel}"`, async (database) => {
      const { writer } = database;
      const found = writer.get("SELECT no FROM channels WHERE name = ?", channel);
      if (found === undefined) return;
      for (const { hourUs, from, to } of hours) {
        writer.run(
          "UPDATE hours SET files = ?, orders = ?, folders = ? " +
            "WHERE key = ? AND files = ? AND orders = ? AND folders = ?",
          to.files,
          to.orders,
          to.folders,
          found["no"] as number * HOURS_PER_CHANNEL + hourNumber(hourUs),
          from.files,
          from.orders,
          from.folders,
        );
      }
      await new IndexWriter(channel, { database, people: this.#people, rest: breaks() }).finish();
    });
  };

  forgetHours: ChatIndex["forgetHours"] = async (channel, span = {}) => {
    const { fromUs = 0, untilUs = TIME_END_US, signal } = span;
    signal?.throwIfAborted();
    await this.#change(`forget hours of "${channel}"`, async (database) => {
      const { writer } = database;
      const found = writer.get("SELECT no FROM channels WHERE name = ?", channel);
      if (found === undefined) return;
      const first = found["no"] as number * HOURS_PER_CHANNEL;
      const range = [first + hourNumber(fromUs), first + hourNumber(untilUs)] as const;
      const rest = breaks(signal);
      const changes = new IndexWriter(channel, { database, people: this.#people, rest });
      for (
        const { key } of writer.all("SELECT key FROM hours WHERE key >= ? AND key < ?", ...range)
      ) {
        changes.clear(key as number - first);
        await rest();
      }
      await changes.finish();
    });
  };

  purge: ChatIndex["purge"] = async ({ signal } = {}) => {
    signal?.throwIfAborted();
    return await this.#database.maintain("purge the index", async ({ writer }) => {
      const rest = breaks(signal);
      const isUnpurged = "SELECT 1 FROM meta WHERE name = 'unpurged'";
      if (writer.get(isUnpurged) !== undefined) {
        const changes = () => writer.get("SELECT total_changes() AS n")!["n"] as number;
        // Negative: all is merged into one, step by step, and what was deleted is left out.
        writer.exec(`INSERT INTO words (words, rank) VALUES ('merge', -${MERGED_PAGES})`);
        for (let before = -2; changes() - before >= 2;) {
          await rest();
          before = changes();
          writer.exec(`INSERT INTO words (words, rank) VALUES ('merge', ${MERGED_PAGES})`);
        }
        writer.exec("DELETE FROM meta WHERE name = 'unpurged'");
      }
      // The log of changes holds pages as they were.
      return writer.get("PRAGMA wal_checkpoint(TRUNCATE)")?.["busy"] === 0;
    });
  };

  revision: ChatIndex["revision"] = async (channel) => {
    return await this.#ask((reader) => reader.revision(channel));
  };

  channels: ChatIndex["channels"] = async (options) => {
    return await this.#ask((reader) => reader.channels(), options);
  };

  hours: ChatIndex["hours"] = async (channel, span = {}) => {
    return await this.#ask((reader) => reader.hours(channel, span), span);
  };

  rooms: ChatIndex["rooms"] = async (options) => {
    return await this.#ask((reader) => reader.rooms(options?.counts), options);
  };

  people: ChatIndex["people"] = async (names, options) => {
    const found = await this.#ask((reader) => reader.people(names, options?.counts), options);
    const order = (left: string, right: string) => left === right ? 0 : left < right ? -1 : 1;
    return found.sort((a, b) =>
      order(a.channel, b.channel) || order(a.id, b.id) || order(a.login, b.login)
    );
  };

  find: ChatIndex["find"] = async (channel, query) => {
    return await this.#ask((reader) => reader.find(channel, query), query);
  };

  close: ChatIndex["close"] = async () => {
    await this.#database.close();
  };

  // deno-lint-ignore require-await -- what is thrown becomes a rejection
  async #ask<T>(work: (reader: IndexReader) => T, { signal }: AbortOptions = {}): Promise<T> {
    signal?.throwIfAborted();
    return this.#database.read("read the index", (database) => work(new IndexReader(database)));
  }

  async #change(attempt: string, work: (database: OpenDatabase) => Promise<void>): Promise<void> {
    try {
      await this.#database.write(attempt, work);
    } catch (error) {
      this.#people.clear(); // Their numbers may have been rolled back.
      throw error;
    }
  }
}

/** Lets other tasks run every few milliseconds of work, and gives up when `signal` aborts. */
function breaks(signal?: AbortSignal): () => Promise<void> {
  let sinceMs = performance.now();
  return async () => {
    if (performance.now() - sinceMs < STRETCH_MAX_MS) return;
    await new Promise((resolve) => setTimeout(resolve));
    sinceMs = performance.now();
    signal?.throwIfAborted();
  };
}
