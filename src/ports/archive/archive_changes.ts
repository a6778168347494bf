import type { ArchiveKey } from "../../core/archive/archive_key.ts";

/** What became of a file of an archive, by any process. */
export type ArchiveChange =
  | {
    /** The file was stored or replaced, or is gone. */
    readonly kind: "stored" | "deleted";
    readonly key: ArchiveKey;
  }
  | {
    /** Any file may have changed untold: the connection was lost for a while. */
    readonly kind: "missed";
  };

/** Tells of files that any process stores in an archive or deletes from it. */
export interface ArchiveChanges {
  /**
   * Tells of each change from now on, in the order in which they took effect, until `signal` aborts; then it
   * resolves. While it cannot be told of changes it tries again, and `missed` follows; that is also the first
   * change, told once it listens. A change may be told twice.
   */
  follow(onChange: (change: ArchiveChange) => void, signal: AbortSignal): Promise<void>;
}
