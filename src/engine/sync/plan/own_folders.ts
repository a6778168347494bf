import {
  chatFolder,
  coverageFolder,
  parseHour,
  redactionFolder,
} from "../../../core/archive/archive_key.ts";
import type { AbortOptions, BatchStore } from "../../../ports/batch_store.ts";
import { channelHours } from "../../read/channel_hours.ts";
import { findDamagedFiles, type FindDamagedFilesOptions } from "../state/damaged_files.ts";

/** A folder of the own archive, such as `forsen/chat/2026-08-01T12`, and how many of its files were read. */
export interface CheckedFolder {
  readonly channel: string;
  readonly folder: string;
  readonly files: number;
}

/** What {@link checkFolders} works with. */
export interface CheckFoldersOptions extends FindDamagedFilesOptions {
  /** Only these channels. @default all */
  readonly channels?: readonly string[] | undefined;
  /** Only hours from this one on. @default all */
  readonly since?: string | undefined;
}

/**
 * Checks the archive's own files for damage, folder by folder: of each channel its redactions, then
 * its hours, latest first.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* checkFolders(options: CheckFoldersOptions): AsyncGenerator<CheckedFolder> {
  const { store, since = "", signal } = options;
  for await (const channel of options.channels ?? store.folders("", { signal })) {
    const check = async (folder: string, hour: string | undefined): Promise<CheckedFolder> => ({
      channel,
      folder,
      files: await findDamagedFiles({ channel, folder, hour }, options),
    });
    yield await check(redactionFolder(channel), undefined);
    const hours = await channelHours(channel, { store, signal });
    for (const hour of hours.filter((hour) => hour >= since).reverse()) {
      yield await check(`${chatFolder(channel)}/${hour}`, hour);
      yield await check(`${coverageFolder(channel)}/${hour}`, hour);
    }
  }
}

/**
 * The latest hour of any of these channels, or of all; `""` if there is none.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function newestHour(
  { store, channels, signal }: AbortOptions & {
    readonly store: BatchStore;
    readonly channels?: readonly string[] | undefined;
  },
): Promise<string> {
  let newest = "";
  for await (const channel of channels ?? store.folders("", { signal })) {
    for await (const hour of store.folders(`${channel}/chat`, { signal })) {
      if (parseHour(hour) !== undefined && hour > newest) newest = hour;
    }
  }
  return newest;
}
