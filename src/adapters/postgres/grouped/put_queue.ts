import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import type { PostgresClient } from "../connection/postgres_client.ts";
import { tellStored } from "./told_changes.ts";
import { isTransient } from "../connection/postgres_errors.ts";

interface Put {
  readonly key: ArchiveKey;
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Statements at once; what comes meanwhile is the next group. */
const GROUPS_MAX = 3;
const ROWS_MAX = 100;
const GROUP_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Puts that come while others are being stored are stored together, in one statement: the server flushes
 * once for all of them. A group is written as a whole or not at all; if it fails for another reason than the
 * database's absence, each file is tried by itself, so that none fails for its neighbour.
 */
export class PutQueue {
  readonly #client: PostgresClient;
  readonly #waiting: Put[] = [];
  #groups = 0;
  #isStarting = false;

  /** A queue for the archive at the client's address. */
  constructor(client: PostgresClient) {
    this.#client = client;
  }

  /** Stores `bytes`, which must not change until it settles. Once it is being stored, it is not aborted. */
  async put(
    key: ArchiveKey,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    let leave = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const put = { key, bytes, resolve, reject };
        leave = () => {
          const at = this.#waiting.indexOf(put);
          if (at < 0) return;
          this.#waiting.splice(at, 1);
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", leave, { once: true });
        this.#waiting.push(put);
        this.#start();
      });
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  #start(): void {
    if (this.#isStarting || this.#groups === GROUPS_MAX || this.#waiting.length === 0) return;
    this.#isStarting = true;
    // What a task puts in one go belongs to one group.
    queueMicrotask(() => {
      this.#isStarting = false;
      const group = this.#takeGroup();
      if (group.length === 0) return; // All of them were aborted.
      this.#groups++;
      void this.#store(group).finally(() => {
        this.#groups--;
        this.#start();
      });
      this.#start();
    });
  }

  /** The first puts in line, each key once, in the order of keys: two groups that overlap cannot deadlock. */
  #takeGroup(): readonly Put[] {
    const group = new Map<ArchiveKey, Put>();
    const rest: Put[] = [];
    let sizeBytes = 0;
    for (const put of this.#waiting.splice(0)) {
      const isFull = group.size === ROWS_MAX ||
        (group.size > 0 && sizeBytes + put.bytes.length > GROUP_MAX_BYTES);
      // The same key again may have other bytes: it waits for the next group.
      if (isFull || group.has(put.key)) rest.push(put);
      else {
        group.set(put.key, put);
        sizeBytes += put.bytes.length;
      }
    }
    this.#waiting.push(...rest);
    return [...group.values()].sort((a, b) => a.key < b.key ? -1 : 1);
  }

  async #store(group: readonly Put[]): Promise<void> {
    const [first] = group;
    const attempt = `store "${first!.key}"`;
    try {
      await this.#client.again(() => this.#insert(group), { attempt });
      for (const { resolve } of group) resolve();
    } catch (error) {
      const isOfOne = group.length > 1 && error instanceof ChatloomError &&
        error.code === "STORE_IO" && !isTransient(error.cause);
      if (!isOfOne) return group.forEach(({ reject }) => reject(error));
      for (const put of group) await this.#store([put]);
    }
  }

  async #insert(group: readonly Put[]): Promise<void> {
    const { schema } = this.#client.address;
    const rows = group.map((_, i) => `($${2 * i + 1}, $${2 * i + 2})`);
    await this.#client.once({
      text: `with stored as (
          insert into "${schema}".file as f (key, bytes) values ${rows.join(", ")}
          on conflict (key) do update set bytes = excluded.bytes, seq = default
          where f.bytes is distinct from excluded.bytes
          returning key
        ) select ${tellStored(schema)} from stored`,
      values: group.flatMap(({ key, bytes }) => [key, asBuffer(bytes)]),
    });
  }
}

/** The same bytes: the client sends a Buffer as it is, and a plain array as text. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
