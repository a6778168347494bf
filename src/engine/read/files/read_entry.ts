import { type ArchiveKey, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import { UnreadableEntryError } from "../../../core/errors/errors.ts";
import { toDigestText } from "../../../core/archive/digest_text.ts";
import type { AbortOptions, BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";

/** Why an entry that is there gives no bytes to work with. It is left alone. */
export interface EntryFault {
  /** The store cannot read it; its bytes do not match its name. */
  readonly kind: "unreadable" | "damaged";
  /** The details, in words. */
  readonly reason: string;
}

/** An entry of an archive, or why it cannot be read. Of a tombstone the bytes may be anything. */
export type ReadEntry =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly fault: EntryFault };

/** What {@link readEntry} works with. */
export interface ReadEntryOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
}

/**
 * Reads the bytes under `key` and checks them against its name, or names the fault; `undefined`
 * if nothing is there. Everything that reads files of an archive reads them here, so that one bad
 * entry stops no command.
 *
 * @throws {ChatloomError} when the store fails as a whole.
 * @throws {RangeError} when `key` names no file of an archive.
 */
export async function readEntry(
  key: ArchiveKey,
  { store, hasher, signal }: ReadEntryOptions,
): Promise<ReadEntry | undefined> {
  let bytes;
  try {
    bytes = await store.get(key, { signal });
  } catch (error) {
    if (!(error instanceof UnreadableEntryError)) throw error;
    return { ok: false, fault: { kind: "unreadable", reason: error.entries[0].reason } };
  }
  if (bytes === undefined) return undefined;
  const parts = parseArchiveKey(key);
  if (parts === undefined) throw new RangeError(`Cannot read "${key}": it names no file`);
  if (parts.kind === "tombstone") return { ok: true, bytes };
  const found = toDigestText(await hasher.digest(bytes));
  if (found === toDigestText(parts.digest)) return { ok: true, bytes };
  const reason = `its ${bytes.length} bytes have the hash ${found}`;
  return { ok: false, fault: { kind: "damaged", reason } };
}
