import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../../src/core/time.ts";
import { fileSystemSettled } from "../../../src/adapters/file_system/file_system_settled.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { fileSystemVersions } from "../../../src/adapters/file_system/file_system_versions.ts";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { sqliteIndex } from "../../../src/adapters/sqlite/sqlite_index.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { fillChannel } from "../../../src/engine/index/fill_channel.ts";
import { HourStamps } from "../../../src/engine/index/hour_stamps.ts";
import { IndexFinder } from "../../../src/engine/index/index_finder.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import type { SettledNotes } from "../../../src/ports/notes/settled_notes.ts";
import { noopReporter as reporter } from "../../../src/ports/reporter.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { ChatYear, YEAR_CHANNEL } from "./chat_year.ts";

const hasher = nodeHasher();

/** Writes a channel's chat as settled files, not through a store, which would flush each. Returns how many messages. */
export async function writeYear(
  folder: string,
  { seed, perMinute, fromUs, untilUs, word }: {
    readonly seed: string;
    /** Messages in a minute, on average. */
    readonly perMinute: number;
    readonly fromUs: Micros;
    readonly untilUs: Micros;
    /** A word that is said once, in the fourth hour. */
    readonly word?: string;
  },
): Promise<number> {
  const year = new ChatYear(seed, perMinute);
  for (let minuteUs = fromUs; minuteUs < untilUs; minuteUs += MINUTE_US) {
    const isRare = minuteUs === fromUs + 3 * HOUR_US;
    const bytes = year.minute(minuteUs, isRare ? word : undefined);
    const digest = await hasher.digest(bytes);
    const path = join(folder, batchKey(YEAR_CHANNEL, { timeUs: minuteUs, digest }));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return year.count;
}

/** What a node answers from. */
export interface IndexedArchive {
  readonly store: BatchStore;
  readonly settled: SettledNotes;
  readonly finder: IndexFinder;
  close(): Promise<void>;
}

/** Settles and indexes the archive in `folder`. */
export async function indexArchive(folder: string): Promise<IndexedArchive> {
  const store = fileSystemStore(folder);
  const settled = fileSystemSettled(folder);
  await settleArchive({ store, hasher, reporter, notes: settled });
  // Folders that changed in the last moments would be listed.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const index = sqliteIndex(folder)!;
  const stamps = new HourStamps({ store, hasher, versions: fileSystemVersions(folder) });
  await fillChannel(YEAR_CHANNEL, { index, store, stamps, hasher, reporter, settled });
  const finder = new IndexFinder({ index, store, stamps, clock: systemClock() });
  return { store, settled, finder, close: async () => await index.close() };
}
