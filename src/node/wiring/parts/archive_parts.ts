import type { StoredAtOnce } from "../../../engine/record/batch_puts.ts";
import type { PackedStoreOptions } from "../../../adapters/file_system/packs/packed_store.ts";
import { isPostgresAddress } from "../../../adapters/postgres/connection/postgres_address.ts";
import type { HourPacks } from "../../../ports/archive/hour_packs.ts";
import type { RemotePartsOptions } from "./remote_parts.ts";
import type { ArchiveLock } from "../../../ports/archive_lock.ts";
import type { AbortOptions, BatchStore } from "../../../ports/batch_store.ts";
import type { ArchiveChanges } from "../../../ports/archive/archive_changes.ts";
import type { LiveLines } from "../../../ports/archive/live_lines.ts";
import type { ChatIndex } from "../../../ports/index/chat_index.ts";
import type { FolderVersions } from "../../../ports/index/folder_versions.ts";
import type { HourNotes } from "../../../ports/notes/hour_notes.ts";
import type { OrderNotes } from "../../../ports/notes/order_notes.ts";
import type { PruneMarks } from "../../../ports/notes/prune_marks.ts";
import type { SettledNotes } from "../../../ports/notes/settled_notes.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import type { UnsettledNotes } from "../../../ports/notes/unsettled_notes.ts";

/** What an archive consists of for a node, wherever it is: files, the lock for deleting, notes. */
export interface ArchiveParts {
  /** The folder as it was given, or the address of the database without user and password. */
  readonly name: string;
  /** What tells it from all other archives, where it keeps that. */
  readonly id?: string | undefined;
  /** Whether who stores files settles them; else workers do. */
  readonly settles: boolean;
  /** The files. */
  readonly files: BatchStore;
  /** Tells that folders have the files that they had; `undefined` where listing them costs no more. */
  readonly versions?: FolderVersions;
  /** What a recorder or an import stores at a time. @default what suits a disk */
  readonly storedAtOnce?: StoredAtOnce | undefined;
  /** Packs its hours; `undefined` for a database, which compresses by itself. */
  readonly packs?: HourPacks;
  /** The lock for deleting. */
  readonly lock: ArchiveLock;
  /** Which files were merged into others. */
  readonly notes: HourNotes;
  /** Which hours are not wanted any more. */
  readonly marks: PruneMarks;
  /** The orders that peers gave. */
  readonly orders: OrderNotes;
  /** Which hours were found settled. */
  readonly settled: SettledNotes;
  /** Which hours have to be settled. */
  readonly unsettled: UnsettledNotes;
  /** Tells of files that other processes store and delete. @default they are looked for */
  readonly changes?: ArchiveChanges;
  /** What recorders on any machine have received. @default only journals on this machine are read */
  readonly liveLines?: LiveLines;
  /** The index. */
  readonly index: IndexPlace;
  /** The folder on this machine in whose `.chatloom` a recorder keeps its journal. */
  readonly journalFolder: string;
  /**
   * The files for work that stores and deletes.
   *
   * @throws {ChatloomError} when the archive cannot be written.
   */
  writableFiles(options?: AbortOptions): Promise<BatchStore>;
  /** Closes connections, if there are any. What is idle does not keep the process alive. */
  close(): Promise<void>;
}

/** Where the index of an archive is. Nothing of it is loaded before it is used. */
export interface IndexPlace {
  /** Opens it; it is made when it is first used. `undefined` where the runtime has no SQLite for it. */
  open(): Promise<
    { readonly index: ChatIndex; readonly versions: FolderVersions } | undefined
  >;
  /** Whether it was made. */
  exists(): Promise<boolean>;
  /** Deletes it; it is made again when it is next used. */
  remove(): Promise<void>;
}

/** How {@link openParts} opens an archive. */
export interface OpenPartsOptions {
  /** Begin an archive where there is none, and check that it can be written. @default false */
  readonly create?: boolean;
  /**
   * Open an archive in a database that does not answer now: all calls fail until it does. This reporter is told.
   * @default it cannot be opened
   */
  readonly mayBeAway?: Reporter | undefined;
  /** How files in a folder are read and moved; a database has no such choice. */
  readonly folder?: PackedStoreOptions;
  /** Write through a broker. @default the archive is written where it is */
  readonly remote?: RemotePartsOptions | undefined;
}

/**
 * Opens the archive in a folder, or at an address of PostgreSQL.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is none and `create` is not set; else when it
 * cannot be read, or with `create` be written.
 */
export async function openParts(
  archive: string,
  options: OpenPartsOptions = {},
): Promise<ArchiveParts> {
  const { remote } = options;
  if (remote !== undefined) {
    const { remoteParts } = await import("./remote_parts.ts");
    return remoteParts(await openParts(archive, { ...options, remote: undefined }), remote);
  }
  // Each is loaded where it is used: the client of a database takes longer to load than `cat` runs.
  if (isPostgresAddress(archive)) {
    const { postgresParts } = await import("./postgres_parts.ts");
    return await postgresParts(archive, options);
  }
  const { folderParts } = await import("./folder_parts.ts");
  return await folderParts(archive, options);
}
