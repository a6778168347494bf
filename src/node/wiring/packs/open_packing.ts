import { ChatloomError } from "../../../core/errors/errors.ts";
import type { PackOptions } from "../../../engine/pack/pack_archive.ts";
import { openParts } from "../parts/archive_parts.ts";
import { packThreads } from "./pack_thread.ts";

/** An archive whose hours can be packed. */
export interface OpenPacking extends Pick<PackOptions, "store" | "packs" | "lock"> {
  /** Ends the threads that compress. */
  close(): Promise<void>;
}

/**
 * Opens an archive for packing.
 *
 * @param options.threads how many compress at once. @default one for each processor
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is no such folder, or it is a database.
 */
export async function openPacking(
  archive: string,
  { threads: size }: { readonly threads?: number } = {},
): Promise<OpenPacking> {
  const threads = packThreads(size);
  const { compress } = threads;
  const { files: store, packs, lock, name } = await openParts(archive, { folder: { compress } });
  if (packs !== undefined) return { store, packs, lock, close: () => threads.close() };
  throw new ChatloomError(
    "INPUT_UNREADABLE",
    `Cannot pack "${name}": it is a database, which compresses its batches itself`,
  );
}
