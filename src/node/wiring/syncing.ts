import { fileSystemOptOuts } from "../../adapters/file_system/file_system_opt_outs.ts";
import { formatHour } from "../../core/archive/archive_key.ts";
import type { Micros } from "../../core/time.ts";
import { Settler } from "../../engine/settle/settler.ts";
import { Unsettled } from "../../engine/settle/unsettled.ts";
import { OptOutBook } from "../../engine/optout/opt_out_book.ts";
import { Syncer } from "../../engine/sync/syncer.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import { type Archive, writableStore } from "./archive.ts";

/** What a syncer pulls. */
export interface SyncingOptions extends AbortOptions {
  /** Only these channels; all if there are none. */
  readonly channels: readonly string[];
  /** Only hours from the one that holds this on. @default all */
  readonly sinceUs?: Micros | undefined;
}

/**
 * A syncer into an archive, still without peers, and the settler that hears of all files that it stores.
 *
 * @throws {ChatloomError} when the archive cannot be written.
 */
export async function openSyncing(
  archive: Archive,
  { channels, sinceUs, signal }: SyncingOptions,
): Promise<{ readonly syncer: Syncer; readonly settler: Settler }> {
  const { parts, hasher, clock, random, reporter } = archive;
  const { store, superseded } = await writableStore(archive, { signal });
  const { lock, marks, orders, settles } = parts;
  const unsettled = new Unsettled(parts.unsettled, { clock, reporter });
  const settler = new Settler({ store, hasher, clock, reporter, lock, unsettled, settles });
  await settler.noteLeft({ signal });
  const optOuts = new OptOutBook(fileSystemOptOuts(parts.journalFolder, reporter));
  await optOuts.load();
  const syncer = new Syncer({
    store: settles ? unsettled.watch(store) : store,
    hasher,
    clock,
    random,
    reporter,
    superseded,
    marks,
    orders,
    onStored: settler.onFileStored,
    onCrowded: settler.onFileStored,
    isRefused: (channel) => optOuts.isChannelNameOptedOut(channel),
    channels: channels.length === 0 ? undefined : channels,
    since: sinceUs === undefined ? undefined : formatHour(sinceUs),
  });
  return { syncer, settler };
}
