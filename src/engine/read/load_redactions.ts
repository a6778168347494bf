import { type ArchiveKey, parseArchiveKey } from "../../core/archive_key.ts";
import { toDigestText } from "../../core/text/digest_text.ts";
import { parseRedaction, type Redaction } from "../../core/redaction.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";

/** A redaction file, read or not. */
export type LoadedRedaction =
  | { readonly ok: true; readonly key: ArchiveKey; readonly redaction: Redaction }
  | {
    readonly ok: false;
    readonly key: ArchiveKey;
    /** Its bytes do not match its name, or are no redaction. */
    readonly fault: "damaged" | "unreadable";
    readonly reason: string;
  };

/**
 * Reads and checks a redaction; `undefined` if it is not there.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function loadRedaction(
  key: ArchiveKey,
  { store, hasher, signal }: AbortOptions & {
    readonly store: BatchStore;
    readonly hasher: Hasher;
  },
): Promise<LoadedRedaction | undefined> {
  const parts = parseArchiveKey(key);
  const bytes = await store.get(key, signal === undefined ? {} : { signal });
  if (bytes === undefined || parts === undefined) return undefined;
  const found = toDigestText(await hasher.digest(bytes));
  if (found !== toDigestText(parts.digest)) {
    return {
      ok: false,
      key,
      fault: "damaged",
      reason: `its ${bytes.length} bytes have the hash ${found}`,
    };
  }
  const parsed = parseRedaction(bytes);
  return parsed.ok
    ? { ok: true, key, redaction: parsed.redaction }
    : { ok: false, key, fault: "unreadable", reason: parsed.reason };
}
