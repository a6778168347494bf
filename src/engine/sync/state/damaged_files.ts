import { type ArchiveKey, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import type { AbortOptions, BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { readEntry } from "../../read/files/read_entry.ts";
import type { SupersededFiles } from "./superseded_files.ts";

/** At most this many damaged files are known at a time; the rest is found when these are repaired. */
const DAMAGED_MAX = 100_000;

/** Files of this archive whose bytes cannot be read or are not what their name says, by folder. */
export class DamagedFiles {
  readonly #keys = new Map<string, Set<ArchiveKey>>();
  readonly #told = new Set<ArchiveKey>();
  #count = 0;

  /** Notes that `key` is damaged. */
  add(key: ArchiveKey): void {
    const folder = folderOf(key);
    const keys = this.#keys.get(folder) ?? new Set();
    if (keys.has(key) || this.#count >= DAMAGED_MAX) return;
    this.#keys.set(folder, keys.add(key));
    this.#count++;
  }

  /** Warns once that `key` is damaged. Returns whether it warned. */
  tell(key: ArchiveKey, reason: string, reporter: Reporter): boolean {
    if (this.#told.has(key) || this.#told.size >= DAMAGED_MAX) return false;
    this.#told.add(key);
    reporter.report("warning", "A file is damaged, asking peers for it", { key, reason });
    return true;
  }

  /** Notes that no peer has a good copy of `key`: it is not requested before it is found damaged again. */
  leave(key: ArchiveKey): void {
    this.#forget(key);
  }

  /** Notes that `key` is whole again, or gone. */
  delete(key: ArchiveKey): void {
    this.#told.delete(key);
    this.#forget(key);
  }

  #forget(key: ArchiveKey): void {
    const folder = folderOf(key);
    const keys = this.#keys.get(folder);
    if (!keys?.delete(key)) return;
    this.#count--;
    if (keys.size === 0) this.#keys.delete(folder);
  }

  /** The damaged files of a folder, such as `forsen/chat/2026-08-01T12`. */
  of(folder: string): ReadonlySet<ArchiveKey> {
    return this.#keys.get(folder) ?? new Set();
  }

  /** Whether any file of `channel` is damaged. */
  isIn(channel: string): boolean {
    return [...this.#keys.keys()].some((folder) => folder.startsWith(`${channel}/`));
  }
}

function folderOf(key: ArchiveKey): string {
  return key.slice(0, key.lastIndexOf("/"));
}

/** What {@link findDamagedFiles} works with. */
export interface FindDamagedFilesOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
  readonly superseded: SupersededFiles;
  /** Takes the damaged files. */
  readonly damage: DamagedFiles;
  /** Called with one batch of each minute that has more than one: it may have to be settled. */
  readonly onCrowded?: (key: ArchiveKey) => void;
}

/**
 * Hashes all files of a folder and notes those that are damaged. Returns how many files it read.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function findDamagedFiles(
  { channel, folder, hour }: {
    readonly channel: string;
    /** The whole folder, such as `forsen/chat/2026-08-01T12`. */
    readonly folder: string;
    /** The hour that its files belong to; `undefined` for redactions. */
    readonly hour: string | undefined;
  },
  { store, hasher, reporter, superseded, damage, onCrowded, signal }: FindDamagedFilesOptions,
): Promise<number> {
  let count = 0;
  let isNews = false;
  let minuteUs = -1;
  let batches = 0;
  for await (const key of store.list(`${folder}/`, { signal })) {
    const parts = parseArchiveKey(key);
    if (parts === undefined || parts.kind === "tombstone") continue;
    if (parts.kind === "batch") {
      batches = parts.minuteUs === minuteUs ? batches + 1 : 1;
      minuteUs = parts.minuteUs;
      if (batches === 2) onCrowded?.(key);
    }
    const entry = await readEntry(key, { store, hasher, signal });
    count++;
    if (entry === undefined) continue;
    if (entry.ok) {
      damage.delete(key);
      continue;
    }
    if (damage.tell(key, entry.fault.reason, reporter)) isNews = true;
    damage.add(key);
  }
  // Other files may have been merged into the damaged one, and peers may have only those.
  if (isNews && hour !== undefined) await superseded.forget(channel, hour);
  return count;
}
