import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { OrderNotes } from "../../../ports/notes/order_notes.ts";
import type { PruneMarks } from "../../../ports/notes/prune_marks.ts";
import type { Random } from "../../../ports/random.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import type { SupersededFiles } from "./superseded_files.ts";

/** What a {@link Syncer} works with. */
export interface SyncOptions {
  /** The archive to fill from peers. */
  readonly store: BatchStore;
  /** Checks that bytes match the hash in their name. */
  readonly hasher: Hasher;
  /** Times the requests. */
  readonly clock: Clock;
  /** Spreads out the requests. */
  readonly random: Random;
  /** Takes failures and counts. */
  readonly reporter: Reporter;
  /** What need not be fetched again. A caller that deletes from the archive must note it there too. */
  readonly superseded: SupersededFiles;
  /** Pruned hours, which are not fetched. */
  readonly marks: PruneMarks;
  /** Where redactions and tombstones beyond a peer's limit are held. */
  readonly orders: OrderNotes;
  /** Called for each file that is safely stored, as for a settler. */
  readonly onStored?: (key: ArchiveKey) => void;
  /** Called with one batch of each minute of the archive that has more than one, when files are checked. */
  readonly onCrowded?: (key: ArchiveKey) => void;
  /** Only these channels. @default all that a peer has */
  readonly channels?: readonly string[] | undefined;
  /** Channels of which nothing is taken, asked at each pass: they have opted out here. @default none */
  readonly isRefused?: ((channel: string) => boolean) | undefined;
  /** Only hours from this one on, such as `2026-08-01T12`. @default all */
  readonly since?: string | undefined;
  /** How many files are fetched at once from a peer, fewer where there are many peers. @default 8 */
  readonly filesAtOnce?: number;
  /** A batch that is longer is refused. @default 64 MiB */
  readonly batchMaxBytes?: number;
}

/** See {@link SyncOptions.batchMaxBytes}. */
export const BATCH_MAX_BYTES: number = 64 * 1024 * 1024;
