import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { parseRedaction, type Redaction } from "../../../core/redaction/redaction.ts";

/** An order from a peer that is not in the archive. */
export interface NewOrder {
  readonly key: ArchiveKey;
  /** The redaction; `undefined` for a tombstone. */
  readonly redaction: Redaction | undefined;
  /** The bytes of its file as text; `""` for a tombstone. */
  readonly text: string;
}

/** The order in the file `key` that holds `text`. */
export function readOrder(key: ArchiveKey, text: string): NewOrder {
  const parsed = text === "" ? undefined : parseRedaction(new TextEncoder().encode(text));
  return { key, redaction: parsed?.ok === true ? parsed.redaction : undefined, text };
}

/** How many users, logins and messages an order names. */
export function namesIn({ redaction }: NewOrder): number {
  const target = redaction?.target;
  return target?.kind === "user" ? 1 + target.logins.length : 1;
}
