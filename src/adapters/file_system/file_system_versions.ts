import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FolderVersions } from "../../ports/index/folder_versions.ts";
import { packPath } from "./store/pack_names.ts";

/**
 * Two changes within one tick of the file system's clock leave the same time: a folder that changed this
 * lately, in ms, may change again under the same time. FAT has the longest ticks, 2 s.
 */
const TICK_MAX_MS = 2_500;

/** As long as a folder is not there, no file is in it. */
const ABSENT = "-";

/**
 * The times at which folders of the archive in `root` changed: a file that comes or goes sets its folder's. What
 * is packed for a folder of chat counts as in it.
 */
export function fileSystemVersions(root: string): FolderVersions {
  const archive = resolve(root);
  return {
    of(folders) {
      const nowMs = Date.now();
      return folders.map((folder) => {
        const own = versionOf(join(archive, folder), nowMs, { isFolder: true });
        const packed = packPath(folder);
        if (own === "" || packed === undefined) return own;
        const isFolder = !packed.endsWith(".zst");
        const pack = versionOf(join(archive, packed), nowMs, { isFolder });
        return pack === "" || pack === ABSENT ? pack && own : `${own}+${pack}`;
      });
    },
  };
}

function versionOf(path: string, nowMs: number, { isFolder }: { isFolder: boolean }): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return ABSENT;
    if (!(isFolder ? stat.isDirectory() : stat.isFile())) return "";
    // A time ahead of the clock says that one of the two is wrong.
    if (Number(stat.ctimeMs) > nowMs - TICK_MAX_MS) return "";
    return `${stat.ino}.${stat.mtimeNs}.${stat.ctimeNs}`;
  } catch {
    return ""; // Listing it will tell why.
  }
}
