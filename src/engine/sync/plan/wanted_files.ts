import { type ArchiveKey, parseArchiveKey, parseHour } from "../../../core/archive/archive_key.ts";
import { UnreadableEntryError } from "../../../core/errors/errors.ts";
import type { AbortOptions, BatchStore } from "../../../ports/batch_store.ts";
import type { Peer } from "../../../ports/peer.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { keysOfHour } from "../../read/channel_hours.ts";
import { faultsOf } from "../../read/files/fault_reporter.ts";
import { hiddenBy } from "../../read/files/minute_listing.ts";
import type { DamagedFiles } from "../state/damaged_files.ts";
import { type HourMemory, noteName, type SupersededFiles } from "../state/superseded_files.ts";
import { readPeerNames } from "../state/peer_keys.ts";
import type { PeerStats } from "../state/peer_stats.ts";

/** What {@link wantedFiles} works with. */
export interface WantedFilesOptions extends AbortOptions {
  readonly store: BatchStore;
  readonly superseded: SupersededFiles;
  readonly damage: DamagedFiles;
  readonly stats: PeerStats;
  /** Gets a report, once, of a folder that cannot be read here and is left alone. */
  readonly reporter: Reporter;
  /**
   * Stores those of these new tombstones that are obeyed, and returns them. `here` are the files of the
   * folder that this archive has.
   */
  takeTombstones(
    keys: readonly ArchiveKey[],
    here: ReadonlySet<ArchiveKey>,
  ): Promise<readonly ArchiveKey[]>;
}

const NO_MEMORY: HourMemory = {
  superseded: new Set(),
  unreadable: new Set(),
  present: new Set(),
};

/** At most this many files of a folder are compared in one pass: an hour has some thousands at most. */
const WANTED_MAX = 20_000;

/**
 * Lists one folder of a channel at `peer` and here, and returns the files that only the peer has, the latest
 * minute first, without superseded files and batches that an obeyed tombstone hides.
 *
 * @throws {ChatloomError} when the peer or the store fails.
 */
export async function wantedFiles(
  { channel, folder, hour }: {
    readonly channel: string;
    /** Where the files are in the channel, such as `chat/2026-08-01T12`. */
    readonly folder: string;
    /** The hour that they belong to; `undefined` for redactions. */
    readonly hour: string | undefined;
  },
  peer: Peer,
  { store, superseded, damage, stats, reporter, takeTombstones, signal }: WantedFilesOptions,
): Promise<ArchiveKey[]> {
  const path = `${channel}/${folder}`;
  const here = new Set<ArchiveKey>();
  let ofHour: readonly ArchiveKey[] = [];
  try {
    for await (const key of store.list(`${path}/`, { signal })) here.add(key);
    if (hour !== undefined) {
      ofHour = await keysOfHour(channel, parseHour(hour)!, { store, signal });
    }
  } catch (error) {
    if (!(error instanceof UnreadableEntryError)) throw error;
    // The folder's contents are unknown, so no file of it is known to be missing.
    error.entries.forEach((entry) => faultsOf(reporter).tellFolder(entry));
    return [];
  }
  const present = new Set(ofHour.map(noteName));
  const memory = hour === undefined
    ? NO_MEMORY
    : await superseded.recall(channel, hour, { present, signal });
  const damaged = damage.of(path);
  const isWanted = (key: ArchiveKey) =>
    (!here.has(key) || damaged.has(key)) &&
    !memory.superseded.has(noteName(key)) && !memory.unreadable.has(noteName(key));
  const { keys, refusedCount } = readPeerNames(
    path,
    await peer.files(channel, folder, { signal }),
    { isWanted, countMax: WANTED_MAX },
  );
  stats.refusedNames(path, refusedCount);
  if (hour !== undefined) await superseded.notePresent(channel, hour, { memory, present });
  const tombstones = [
    ...[...here].filter(isTombstone),
    ...await takeTombstones(keys.filter(isTombstone), here),
  ];
  const hidden = new Set(tombstones.map(hiddenBy));
  return keys.filter((key) => !isTombstone(key) && !hidden.has(key)).sort(byUrgency);
}

function isTombstone(key: ArchiveKey): boolean {
  return key.endsWith(".tombstone");
}

function byUrgency(a: ArchiveKey, b: ArchiveKey): number {
  return startOf(b) - startOf(a) || (a < b ? -1 : 1);
}

function startOf(key: ArchiveKey): number {
  const parts = parseArchiveKey(key);
  if (parts === undefined || parts.kind === "redaction") return 0;
  return parts.kind === "coverage" ? parts.hourUs : parts.minuteUs;
}
