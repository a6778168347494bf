import { existsSync } from "node:fs";
import { fileSystemMedia, mediaFolder } from "../../../adapters/file_system/file_system_media.ts";
import { dropUnlinked } from "../../../engine/media/drop_unlinked.ts";
import type { ReadMinutesOptions } from "../../../engine/read/read_minutes.ts";
import { openParts } from "./archive_parts.ts";

/**
 * Deletes the pictures that a channel of an archive linked to and links to no more.
 *
 * @throws {ChatloomError} when the archive or the pictures cannot be read or deleted.
 */
export async function dropPictures(
  channel: string,
  { archive, ...options }: ReadMinutesOptions & { readonly archive: string },
): Promise<void> {
  const { journalFolder, close } = await openParts(archive);
  try {
    await dropPicturesIn(journalFolder, { ...options, channel });
  } finally {
    await close();
  }
}

/**
 * The same for pictures in the folder of an archive's state.
 *
 * @throws {ChatloomError} when the archive or the pictures cannot be read or deleted.
 */
export async function dropPicturesIn(
  folder: string,
  options: ReadMinutesOptions & { readonly channel?: string | undefined },
): Promise<void> {
  if (!existsSync(mediaFolder(folder))) return;
  await dropUnlinked(fileSystemMedia(folder), options);
}
