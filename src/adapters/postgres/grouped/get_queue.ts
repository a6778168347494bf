import { orAbort } from "../../../async/abort.ts";
import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { ChatloomError, UnreadableEntryError } from "../../../core/errors/errors.ts";
import type { PostgresClient, Row, Statement } from "../connection/postgres_client.ts";
import { isDamage, isTransient } from "../connection/postgres_errors.ts";

interface Get {
  readonly key: ArchiveKey;
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements at once; what is asked for meanwhile is the next group. */
const GROUPS_MAX = 3;
const ROWS_MAX = 32;
/** Files that do not fit into an answer of this length beside others are asked for alone. */
const GROUP_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Files that are asked for while others are being read are read together, in one statement: who reads ahead pays
 * for one round trip, not for each. No get fails for its neighbour.
 */
export class GetQueue {
  readonly #client: PostgresClient;
  readonly #fileMaxBytes: number;
  readonly #waiting: Get[] = [];
  #groups = 0;
  #isStarting = false;

  /** A queue for the archive at the client's address. A file larger than `fileMaxBytes` is not read. */
  constructor(client: PostgresClient, { fileMaxBytes }: { readonly fileMaxBytes: number }) {
    this.#client = client;
    this.#fileMaxBytes = fileMaxBytes;
  }

  /**
   * The bytes under `key`, which belong to the caller; `undefined` if there are none.
   *
   * @throws {UnreadableEntryError} when it is too large, or the server finds it damaged.
   * @throws {ChatloomError} as the client does.
   */
  async get(key: ArchiveKey, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    let leave = () => {};
    const reading = new Promise<Uint8Array | undefined>((resolve, reject) => {
      const get = { key, resolve, reject };
      leave = () => {
        const at = this.#waiting.indexOf(get);
        if (at >= 0) this.#waiting.splice(at, 1);
      };
      this.#waiting.push(get);
      this.#start();
    });
    if (signal === undefined) return await reading;
    signal.addEventListener("abort", leave, { once: true });
    try {
      // Statements are bounded in time; one that the caller gave up ends by itself.
      return await orAbort(reading, signal);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #start(): void {
    if (this.#isStarting || this.#groups === GROUPS_MAX || this.#waiting.length === 0) return;
    this.#isStarting = true;
    // What a task asks for in one go belongs to one group.
    queueMicrotask(() => {
      this.#isStarting = false;
      const group = this.#waiting.splice(0, ROWS_MAX);
      if (group.length === 0) return; // All of them were aborted.
      this.#groups++;
      void this.#read(group).finally(() => {
        this.#groups--;
        this.#start();
      });
      this.#start();
    });
  }

  async #read(group: readonly Get[]): Promise<void> {
    const [first] = group;
    const isOne = group.length === 1;
    try {
      const rows = await this.#client.ask(
        isOne ? this.#one(first!.key) : this.#several(group),
        { attempt: `read "${first!.key}"` },
      );
      const found = new Map(rows.map((row) => [row["key"], row]));
      const alone: Get[] = [];
      for (const get of group) {
        const row = found.get(get.key);
        if (row === undefined) get.resolve(undefined);
        else if (typeof row["base64"] === "string") get.resolve(bytesOf(row["base64"]));
        else if (isOne || this.#isTooLarge(row)) {
          get.reject(verdict(get.key, `it is too large: ${row["size"]} bytes`));
        } else alone.push(get);
      }
      for (const get of alone) await this.#read([get]);
    } catch (error) {
      const cause = error instanceof ChatloomError ? error.cause : undefined;
      if (isOne) {
        if (!isDamage(cause)) return first!.reject(error);
        const reason = `the database finds it damaged: ${(cause as Error).message}`;
        return first!.reject(verdict(first!.key, reason, cause));
      }
      // Each by itself, unless all would fail as this did.
      if (isTransient(cause)) return group.forEach(({ reject }) => reject(error));
      for (const get of group) await this.#read([get]);
    }
  }

  #isTooLarge(row: Row): boolean {
    return Number(row["size"]) > this.#fileMaxBytes;
  }

  // As text the client would get a column of bytes in hexadecimal, which is longer and takes it three times as long to
  // read (measured 2026-11); it knows no answers in binary (8.23).
  #one(key: ArchiveKey): Statement {
    return {
      name: "chatloom get",
      text: `select key, octet_length(bytes) as size,
        case when octet_length(bytes) <= $2 then encode(bytes, 'base64') end as base64
        from ${this.#table} where key = $1`,
      values: [key, this.#fileMaxBytes],
    };
  }

  #several(group: readonly Get[]): Statement {
    return {
      name: "chatloom get several",
      text: `select key, size, case when up_to <= $2 then encode(bytes, 'base64') end as base64
        from (select key, bytes, octet_length(bytes) as size,
            sum(octet_length(bytes)) over (order by key) as up_to
          from ${this.#table} where key = any($1::text[])) as found`,
      values: [
        [...new Set(group.map(({ key }) => key))],
        Math.min(GROUP_MAX_BYTES, this.#fileMaxBytes),
      ],
    };
  }

  get #table(): string {
    return `"${this.#client.address.schema}".file`;
  }
}

/** A copy: the runtime's may be a part of a buffer that others use too. */
function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

function verdict(path: string, reason: string, cause?: unknown): UnreadableEntryError {
  return new UnreadableEntryError("STORE_IO", [{ path, reason }], { cause });
}
