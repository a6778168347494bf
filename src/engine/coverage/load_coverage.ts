import { type ArchiveKey, parseArchiveKey } from "../../core/archive_key.ts";
import { type Coverage, parseCoverage } from "../../core/coverage.ts";
import { toDigestText } from "../../core/text/digest_text.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";

/** A coverage file, read or not. */
export type LoadedCoverage =
  | { readonly ok: true; readonly key: ArchiveKey; readonly coverage: Coverage }
  | {
    readonly ok: false;
    readonly key: ArchiveKey;
    /** Its bytes do not match its name; are no coverage; are of another hour. */
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
  { store, hasher, signal }: AbortOptions & {
    readonly store: BatchStore;
    readonly hasher: Hasher;
  },
): Promise<LoadedCoverage | undefined> {
  const parts = parseArchiveKey(key);
  if (parts?.kind !== "coverage") throw new RangeError(`Cannot read "${key}" as coverage`);
  const bytes = await store.get(key, signal === undefined ? {} : { signal });
  if (bytes === undefined) return undefined;
  const found = toDigestText(await hasher.digest(bytes));
  if (found !== toDigestText(parts.digest)) {
    const reason = `its ${bytes.length} bytes have the hash ${found}`;
    return { ok: false, key, fault: "damaged", reason };
  }
  const parsed = parseCoverage(bytes);
  if (!parsed.ok) return { ok: false, key, fault: "unreadable", reason: parsed.reason };
  if (parsed.hourUs !== parts.hourUs) {
    return { ok: false, key, fault: "misplaced", reason: "it is of another hour" };
  }
  return { ok: true, key, coverage: parsed.coverage };
}
