import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { type Coverage, parseCoverage } from "../../core/coverage/coverage.ts";
import { readEntry, type ReadEntryOptions } from "../read/files/read_entry.ts";

/** A coverage file, or why it cannot be read. */
export type LoadedCoverage =
  | {
    readonly ok: true;
    readonly key: ArchiveKey;
    readonly coverage: Coverage;
    /** The file's own bytes, checked. */
    readonly bytes: Uint8Array;
  }
  | {
    readonly ok: false;
    readonly key: ArchiveKey;
    /** Its bytes do not match its name; cannot be read or are no coverage; are of another hour. */
    readonly fault: "damaged" | "unreadable" | "misplaced";
    readonly reason: string;
  };

/**
 * Reads and checks a coverage file; `undefined` if it is not there.
 *
 * @throws {ChatloomError} when the store fails.
 * @throws {RangeError} when `key` names no coverage.
 */
export async function loadCoverage(
  key: ArchiveKey,
  options: ReadEntryOptions,
): Promise<LoadedCoverage | undefined> {
  const parts = parseArchiveKey(key);
  if (parts?.kind !== "coverage") throw new RangeError(`Cannot read "${key}" as coverage`);
  const entry = await readEntry(key, options);
  if (entry === undefined) return undefined;
  if (!entry.ok) return { ok: false, key, fault: entry.fault.kind, reason: entry.fault.reason };
  const { bytes } = entry;
  const parsed = parseCoverage(bytes);
  if (!parsed.ok) return { ok: false, key, fault: "unreadable", reason: parsed.reason };
  if (parsed.hourUs !== parts.hourUs) {
    return { ok: false, key, fault: "misplaced", reason: "it is of another hour" };
  }
  return { ok: true, key, coverage: parsed.coverage, bytes };
}
