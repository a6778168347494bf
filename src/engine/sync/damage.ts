import { type ArchiveKey, parseArchiveKey } from "../../core/archive_key.ts";
import { toDigestText } from "../../core/text/digest_text.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { MergedAway } from "./merged_away.ts";

/** So many damaged files are known at a time; the rest is found when these are healed. */
const DAMAGED_MAX = 100_000;

/** Files of this archive whose bytes are no longer what their name says, by folder. */
export class Damage {
  readonly #keys = new Map<string, Set<ArchiveKey>>();
  #count = 0;

  /** Notes that `key` is damaged. */
  add(key: ArchiveKey): void {
    const folder = folderOf(key);
    const keys = this.#keys.get(folder) ?? new Set();
    if (keys.has(key) || this.#count >= DAMAGED_MAX) return;
    this.#keys.set(folder, keys.add(key));
    this.#count++;
  }

  /** Notes that `key` is whole again, or gone. */
  delete(key: ArchiveKey): void {
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

/** What {@link findDamage} works with. */
export interface FindDamageOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
  readonly mergedAway: MergedAway;
  /** Where what is found goes. */
  readonly damage: Damage;
  /** Told of one batch of each minute that has more than one: it may have to be settled. */
  readonly onCrowded?: (key: ArchiveKey) => void;
}

/**
 * Hashes all files of a folder and notes those that are damaged. Returns how many files it read.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function findDamage(
  { channel, folder }: { readonly channel: string; readonly folder: string },
  { store, hasher, reporter, mergedAway, damage, onCrowded, signal }: FindDamageOptions,
): Promise<number> {
  const abort = signal === undefined ? {} : { signal };
  let count = 0;
  let isNews = false;
  let minuteUs = -1;
  let batches = 0;
  for await (const key of store.list(`${channel}/chat/${folder}/`, abort)) {
    const parts = parseArchiveKey(key);
    if (parts === undefined || parts.kind === "tombstone") continue;
    if (parts.kind === "batch") {
      batches = parts.minuteUs === minuteUs ? batches + 1 : 1;
      minuteUs = parts.minuteUs;
      if (batches === 2) onCrowded?.(key);
    }
    const bytes = await store.get(key, abort);
    count++;
    if (bytes === undefined) continue;
    const found = toDigestText(await hasher.digest(bytes));
    if (found === toDigestText(parts.digest)) {
      damage.delete(key);
      continue;
    }
    if (!damage.of(`${channel}/chat/${folder}`).has(key)) {
      reporter.report("warning", "A file is damaged: asking peers for it", { key });
    }
    damage.add(key);
    isNews = true;
  }
  // What it held may have been merged into it, and peers may have it in other files only.
  if (isNews && folder !== "redactions") await mergedAway.forget(channel, folder);
  return count;
}
