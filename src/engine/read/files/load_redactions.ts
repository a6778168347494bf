import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { parseRedaction, type Redaction } from "../../../core/redaction/redaction.ts";
import { readEntry, type ReadEntryOptions } from "./read_entry.ts";

/** A redaction file, or why it cannot be read. */
export type LoadedRedaction =
  | {
    readonly ok: true;
    readonly key: ArchiveKey;
    readonly redaction: Redaction;
    /** The file's own bytes, checked. */
    readonly bytes: Uint8Array;
  }
  | {
    readonly ok: false;
    readonly key: ArchiveKey;
    /** Its bytes do not match its name; the store cannot read them, or they are no redaction. */
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
  options: ReadEntryOptions,
): Promise<LoadedRedaction | undefined> {
  const entry = await readEntry(key, options);
  if (entry === undefined) return undefined;
  if (!entry.ok) return { ok: false, key, fault: entry.fault.kind, reason: entry.fault.reason };
  const { bytes } = entry;
  const parsed = parseRedaction(bytes);
  return parsed.ok
    ? { ok: true, key, redaction: parsed.redaction, bytes }
    : { ok: false, key, fault: "unreadable", reason: parsed.reason };
}
