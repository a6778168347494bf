import { collect } from "../../async/collect.ts";
import {
  type ArchiveKey,
  coveragePrefix,
  formatArchiveKey,
} from "../../core/archive/archive_key.ts";
import { COVERAGE_MAX_BYTES, encodeCoverage, mergeCoverage } from "../../core/coverage/coverage.ts";
import type { Micros } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { faultsOf } from "../read/files/fault_reporter.ts";
import { loadCoverage, type LoadedCoverage } from "./load_coverage.ts";

/** What {@link settleCoverage} works with. */
export interface SettleCoverageOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** Gets a report of files that are left alone. */
  readonly reporter: Reporter;
}

/**
 * Merges the coverage of one hour of `channel` into one file. Writes first, then deletes the files that are
 * in it. The caller holds the channel's lock.
 *
 * @throws {ChatloomError} when the store fails. Nothing is lost.
 */
export async function settleCoverage(
  channel: string,
  hourUs: Micros,
  options: SettleCoverageOptions,
): Promise<{ readonly written: number; readonly deleted: number }> {
  const { store, hasher, signal } = options;
  const loaded = await loadAll(await coverageKeys(channel, hourUs, options), options);
  if (loaded.length < 2) return { written: 0, deleted: 0 };
  const bytes = encodeCoverage(hourUs, mergeCoverage(loaded.map(({ coverage }) => coverage)));
  // No reader takes a longer one: then several stay, and are read together.
  if (bytes.length > COVERAGE_MAX_BYTES) return { written: 0, deleted: 0 };
  const digest = await hasher.digest(bytes);
  const key = formatArchiveKey({ kind: "coverage", channel, hourUs, digest });
  // Also when it is there: its writer may have died before it was safe.
  await store.put(key, bytes, { signal });
  const surplus = loaded.filter((file) => file.key !== key);
  for (const file of surplus) await store.delete(file.key);
  return { written: surplus.length === loaded.length ? 1 : 0, deleted: surplus.length };
}

/**
 * The keys of the coverage of one hour of `channel`, ascending.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function coverageKeys(
  channel: string,
  hourUs: Micros,
  { store, signal }: AbortOptions & { readonly store: BatchStore },
): Promise<ArchiveKey[]> {
  return await collect(store.list(coveragePrefix(channel, hourUs), { signal }));
}

async function loadAll(
  keys: readonly ArchiveKey[],
  options: SettleCoverageOptions,
): Promise<Extract<LoadedCoverage, { ok: true }>[]> {
  const files = [];
  if (keys.length < 2) return [];
  for (const key of keys) {
    const loaded = await loadCoverage(key, options);
    if (loaded?.ok) files.push(loaded);
    else if (loaded !== undefined) {
      const { fault: why, reason } = loaded;
      faultsOf(options.reporter).tell(key, { why, reason });
    }
  }
  return files;
}
