import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import type { AbortOptions, BatchStore, Stray } from "../../ports/batch_store.ts";
import { isArchiveFolder, levelOf } from "../file_system/store/archive_levels.ts";
import type { PostgresClient, Row, Statement } from "./connection/postgres_client.ts";
import { postgresError } from "./connection/postgres_errors.ts";
import type { PostgresLock } from "./postgres_lock.ts";
import { DeleteQueue } from "./grouped/delete_queue.ts";
import { deleteStatement } from "./grouped/told_changes.ts";
import { GetQueue } from "./grouped/get_queue.ts";
import { PutQueue } from "./grouped/put_queue.ts";

/** How {@link PostgresStore} behaves. */
export interface PostgresStoreOptions {
  /** A larger file is neither stored nor read. @default 128 MiB, half of what the client can hold as text */
  readonly fileMaxBytes?: number;
}

const FILE_MAX_BYTES = 128 * 1024 * 1024;
const PAGE_ROWS = 1_000;
/** Above all that a key can have in it, and below it a letter that no key has. */
const [TOP, BOTTOM] = ["\x7f", "\x01"];

/**
 * The files of an archive in PostgreSQL, a row each. A put that has resolved is committed and flushed. Files
 * larger than `fileMaxBytes`, which other programs may have put there, and rows that the server finds damaged,
 * are entries that cannot be read.
 */
export class PostgresStore implements BatchStore {
  readonly #client: PostgresClient;
  readonly #lock: PostgresLock;
  readonly #puts: PutQueue;
  readonly #gets: GetQueue;
  readonly #deletes: DeleteQueue;
  readonly #fileMaxBytes: number;
  readonly #table: string;

  /** The files at the client's address. Deletes go over the connection that holds a channel's `lock`. */
  constructor(
    client: PostgresClient,
    lock: PostgresLock,
    { fileMaxBytes = FILE_MAX_BYTES }: PostgresStoreOptions = {},
  ) {
    this.#client = client;
    this.#lock = lock;
    this.#puts = new PutQueue(client);
    this.#deletes = new DeleteQueue(client.address.schema);
    this.#gets = new GetQueue(client, { fileMaxBytes });
    this.#fileMaxBytes = fileMaxBytes;
    this.#table = `"${client.address.schema}".file`;
  }

  async *list(prefix: string, options: AbortOptions = {}): AsyncIterable<ArchiveKey> {
    for await (const key of this.#keys(prefix, options)) {
      if (parseArchiveKey(key) !== undefined) yield key;
    }
  }

  async *folders(folder: string, { signal }: AbortOptions = {}): AsyncIterable<string> {
    signal?.throwIfAborted();
    const parts = folder === "" ? [] : folder.split("/");
    const level = isArchiveFolder(parts) ? levelOf(parts) : undefined;
    if (level === undefined) return;
    const names = await this.#client.ask(
      this.#foldersStatement(folder === "" ? "" : `${folder}/`),
      { attempt: `list the folders in "${folder}"`, signal },
    );
    for (
      const { name } of [...names].sort((a, b) => String(a["name"]) < String(b["name"]) ? -1 : 1)
    ) {
      signal?.throwIfAborted();
      if (level.isName(String(name))) yield String(name);
    }
  }

  async get(key: ArchiveKey, { signal }: AbortOptions = {}): Promise<Uint8Array | undefined> {
    checkKey(key);
    return await this.#gets.get(key, signal);
  }

  async put(key: ArchiveKey, bytes: Uint8Array, { signal }: AbortOptions = {}): Promise<void> {
    checkKey(key);
    if (bytes.length > this.#fileMaxBytes) {
      throw new RangeError(`Cannot store "${key}": ${bytes.length} bytes are too many for a file`);
    }
    await this.#puts.put(key, bytes, signal);
  }

  async delete(key: ArchiveKey, { signal }: AbortOptions = {}): Promise<void> {
    const channel = checkKey(key);
    const attempt = `delete "${key}"`;
    signal?.throwIfAborted();
    const held = this.#lock.heldFor(channel);
    if (held === undefined) {
      const statement = deleteStatement(this.#client.address.schema, [key]);
      return void await this.#client.ask(statement, { attempt, signal });
    }
    try {
      await this.#deletes.delete(key, held);
    } catch (cause) {
      const where = `${attempt} in archive "${this.#client.address.shown}"`;
      const what = held.lost.aborted ? `${where} after the lock on "${channel}" was lost` : where;
      throw postgresError(what, cause);
    }
  }

  async *strays(prefix: string, options: AbortOptions = {}): AsyncIterable<Stray> {
    for await (const key of this.#keys(prefix, options)) {
      if (parseArchiveKey(key) !== undefined) continue;
      yield { path: key, reason: "its key names no file of an archive" };
    }
  }

  /**
   * Checks that files can be stored, by storing none.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`: nothing can be put there now.
   */
  async checkWritable({ signal }: AbortOptions = {}): Promise<void> {
    const text = `with gone as (delete from ${this.#table} where key = '')
      insert into ${this.#table} (key, bytes) select '', '' where false`;
    await this.#client.ask({ text }, { attempt: "write", signal });
  }

  /** All keys of rows that start with `prefix`, ascending. */
  async *#keys(prefix: string, { signal }: AbortOptions): AsyncIterable<string> {
    signal?.throwIfAborted();
    if (/[^\x20-\x7e]/.test(prefix)) return;
    let from = prefix;
    for (;;) {
      const rows: readonly Row[] = await this.#client.ask({
        name: "chatloom list",
        text: `select key from ${this.#table} where key >= $1 and key < $2 order by key limit $3`,
        values: [from, prefix + TOP, PAGE_ROWS],
      }, { attempt: `list "${prefix}"`, signal });
      for (const { key } of rows) {
        signal?.throwIfAborted();
        yield String(key);
      }
      if (rows.length < PAGE_ROWS) return;
      from = String(rows.at(-1)!["key"]) + BOTTOM;
    }
  }

  /** Jumps from folder to folder along the primary key: its cost follows the folders, not what is in them. */
  #foldersStatement(prefix: string): Statement {
    // "0" is the letter behind "/": what follows all that is in the folder.
    const rest = "substr(found.key, $2::int)";
    const next = `case when position('/' in ${rest}) > 0
      then $1::text || split_part(${rest}, '/', 1) || '0' else found.key || chr(1) end`;
    const first = (from: string) =>
      `(select file.key from ${this.#table} where file.key >= (${from})
        and file.key < $1::text || chr(127) order by file.key limit 1)`;
    return {
      name: "chatloom folders",
      text: `with recursive found(key) as (
          select ${first("$1::text")}
          union all
          select ${first(next)} from found where found.key is not null
        )
        select split_part(${rest}, '/', 1) as name from found where position('/' in ${rest}) > 0`,
      values: [prefix, prefix.length + 1],
    };
  }
}

/** The channel of `key`. Throws a `RangeError` if it names no file of an archive. */
function checkKey(key: ArchiveKey): string {
  const parts = parseArchiveKey(key);
  if (parts === undefined) {
    throw new RangeError(`Cannot use "${key}": it names no file of an archive`);
  }
  return parts.channel;
}
