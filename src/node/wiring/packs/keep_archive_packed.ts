import { keepPacked, packOld } from "../../../engine/pack/pack_keeper.ts";
import type { KeepPackedOptions } from "../../../engine/pack/pack_keeper.ts";
import { openPacking } from "./open_packing.ts";

/** When hours of an archive are packed beside other work. */
export interface KeepArchivePackedOptions extends Pick<KeepPackedOptions, "clock" | "reporter"> {
  /** How old an hour is when it is packed; `undefined` for never. */
  readonly ageUs: number | undefined;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/**
 * Packs hours of `archive` as they grow old enough, until the signal aborts, on one thread beside other work.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it is a database.
 */
export async function keepArchivePacked(
  archive: string,
  options: KeepArchivePackedOptions,
): Promise<void> {
  await packing(archive, options, keepPacked);
}

/**
 * Packs the hours of `archive` that are old enough now.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it is a database; when the store fails.
 */
export async function packArchiveOnce(
  archive: string,
  options: KeepArchivePackedOptions,
): Promise<void> {
  await packing(archive, options, packOld);
}

async function packing(
  archive: string,
  { ageUs, ...options }: KeepArchivePackedOptions,
  work: (options: KeepPackedOptions & { readonly signal: AbortSignal }) => Promise<void>,
): Promise<void> {
  if (ageUs === undefined) return;
  const { close, ...parts } = await openPacking(archive, { threads: 1 });
  try {
    await work({ ...parts, ...options, ageUs });
  } finally {
    await close();
  }
}
