import { ChatloomError } from "../../core/errors/errors.ts";
import type { HourNotes } from "../../ports/notes/hour_notes.ts";
import type { OrderNotes } from "../../ports/notes/order_notes.ts";
import type { PruneMarks } from "../../ports/notes/prune_marks.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import type { UnsettledNotes } from "../../ports/notes/unsettled_notes.ts";
import { AdvisoryLocks } from "./advisory_locks.ts";
import { PostgresIndex } from "./index/postgres_index.ts";
import type { ChatIndex } from "../../ports/index/chat_index.ts";
import { migrate, schemaVersion } from "./migrations.ts";
import { parsePostgresAddress, type PostgresAddress } from "./connection/postgres_address.ts";
import { pause } from "./connection/pause.ts";
import { isAway } from "./connection/postgres_errors.ts";
import { PostgresClient, type PostgresClientOptions } from "./connection/postgres_client.ts";
import { postgresChanges } from "./postgres_changes.ts";
import { postgresLiveLines } from "./postgres_live_lines.ts";
import type { ArchiveChanges } from "../../ports/archive/archive_changes.ts";
import type { LiveLines } from "../../ports/archive/live_lines.ts";
import { PostgresLock } from "./postgres_lock.ts";
import { postgresMarks, postgresNotes, postgresOrders, postgresSettled } from "./postgres_notes.ts";
import type { FolderVersions } from "../../ports/index/folder_versions.ts";
import { postgresVersions } from "./postgres_versions.ts";
import { PostgresStore, type PostgresStoreOptions } from "./postgres_store.ts";
import { PostgresUnsettled } from "./postgres_unsettled.ts";

const AWAY_MIN_MS = 1_000;
const AWAY_MAX_MS = 15_000;

/** How {@link openPostgresArchive} opens. */
export interface OpenPostgresOptions extends PostgresStoreOptions, PostgresClientOptions {
  /** Begin an archive where there is none. @default false */
  readonly create?: boolean;
  /** Asked when the database does not answer now: whether to open the archive nevertheless. @default no */
  readonly mayBeAway?: (error: ChatloomError) => boolean;
}

/** An archive in PostgreSQL: its files, its lock, and the notes of the nodes that share it. */
export interface PostgresArchive {
  readonly address: PostgresAddress;
  /**
   * A UUID that no other archive has, whatever the names of its server are; `undefined` while the database was
   * away when the archive was opened.
   */
  readonly id: string | undefined;
  /**
   * Resolves with the id when the tables are those of this version, which is now unless the database is away: it
   * is then tried again until that is so, or the archive is closed. Rejects when it is refused for good.
   */
  readonly ready: Promise<string>;
  readonly store: PostgresStore;
  readonly lock: PostgresLock;
  readonly notes: HourNotes;
  readonly marks: PruneMarks;
  readonly orders: OrderNotes;
  readonly settled: SettledNotes;
  readonly unsettled: UnsettledNotes;
  readonly versions: FolderVersions;
  readonly changes: ArchiveChanges;
  readonly liveLines: LiveLines;
  /** The index, of which this is one view: closing it closes no connection. */
  index(): ChatIndex;
  /** Closes the connections. Idle ones do not keep the process alive. */
  close(): Promise<void>;
}

/**
 * Opens the archive at `address`, a connection URI as `psql` takes it, with `schema=NAME` for another schema
 * than `chatloom`. Brings its tables to this version of chatloom, also where several processes do so at once.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is no such database, or no archive in it and
 * `create` is not set; `STORE_DENIED` or `STORE_IO` when the database refuses or does not answer.
 */
export async function openPostgresArchive(
  address: string,
  { create = false, mayBeAway = () => false, ...options }: OpenPostgresOptions = {},
): Promise<PostgresArchive> {
  const client = new PostgresClient(parsePostgresAddress(address), options);
  const locks = new AdvisoryLocks(client);
  const closed = new AbortController();
  const close = async () => {
    closed.abort();
    await locks.close();
    await client.close();
  };
  const begin = () => beginArchive(client, { create });
  let id: string | undefined;
  let ready: Promise<string>;
  try {
    ready = Promise.resolve(id = await begin());
  } catch (error) {
    if (!isAway(error) || !mayBeAway(error)) {
      await close().catch(() => {}); // The first failure is thrown.
      throw error;
    }
    ready = again(begin, closed.signal);
    ready.catch(() => {}); // Who cares awaits it.
  }
  const lock = new PostgresLock(client, locks);
  return {
    address: client.address,
    ...{ id, ready },
    store: new PostgresStore(client, lock, options),
    lock,
    notes: postgresNotes(client),
    marks: postgresMarks(client),
    orders: postgresOrders(client),
    settled: postgresSettled(client),
    unsettled: new PostgresUnsettled(client, locks),
    versions: postgresVersions(client),
    changes: postgresChanges(client),
    liveLines: postgresLiveLines(client),
    index: () => new PostgresIndex(client),
    close,
  };
}

/** Sees to the tables; returns the archive's id. */
async function beginArchive(
  client: PostgresClient,
  { create }: { readonly create: boolean },
): Promise<string> {
  if (create || await schemaVersion(client) > 0) await migrate(client);
  else {
    const { shown } = client.address;
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read archive "${shown}": there is none`);
  }
  return await readId(client);
}

/** Does `work` until the database is not away; rejects with `signal.reason` when that aborts. */
async function again<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let pauseMs = AWAY_MIN_MS;; pauseMs = Math.min(2 * pauseMs, AWAY_MAX_MS)) {
    await pause(pauseMs * (0.5 + Math.random()), signal);
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
    }
  }
}

async function readId(client: PostgresClient): Promise<string> {
  const { schema, shown } = client.address;
  const text = `select id from "${schema}".archive limit 1`;
  const [row] = await client.ask({ text }, { attempt: "read the archive's id" });
  if (row !== undefined) return String(row["id"]);
  throw new ChatloomError("STORE_IO", `Cannot open archive "${shown}": its id is gone`);
}
