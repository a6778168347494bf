import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Lru } from "../../core/lru.ts";
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
export function fileSystemVersions(
  root: string,
  { wallMs = Date.now }: {
    /** The time, in milliseconds since 1970. @default that of this machine */
    readonly wallMs?: () => number;
  } = {},
): FolderVersions {
  const archive = resolve(root);
  const unpacked = new Unpacked(archive);
  return {
    of(folders) {
      const nowMs = wallMs();
      return folders.map((folder) => {
        const own = versionOf(join(archive, folder), nowMs, { isFolder: true });
        const packed = packPath(folder);
        if (own === "" || packed === undefined || unpacked.has(packed, nowMs)) return own;
        const isFolder = !packed.endsWith(".zst");
        const pack = versionOf(join(archive, packed), nowMs, { isFolder });
        return pack === "" || pack === ABSENT ? pack && own : `${own}+${pack}`;
      });
    },
  };
}

const CHANNELS_MAX = 4_096;

/**
 * Channels without a folder for packs. Looking for a pack that is not there takes ten times as long as looking at a
 * folder that is, and each hour is asked for.
 */
class Unpacked {
  readonly #archive: string;
  /** By channel: the folder that lacks the next one on the way to the packs, in the version that does. */
  readonly #known = new Lru<string, { readonly folder: string; readonly version: string }>({
    countMax: CHANNELS_MAX,
  });

  constructor(archive: string) {
    this.#archive = archive;
  }

  /** Whether surely no pack is at `packed`, as `packPath` gives it. */
  has(packed: string, nowMs: number): boolean {
    const [channel = "", state = "", packs = ""] = packed.split("/");
    const known = this.#known.get(channel);
    const seen = (folder: string) => versionOf(folder, nowMs, { isFolder: true });
    if (known !== undefined && seen(known.folder) === known.version) return true;
    let folder = join(this.#archive, channel);
    for (const next of [state, packs]) {
      // Looked at before what may come into it.
      const version = seen(folder);
      if (version === "" || version === ABSENT) return false;
      if (seen(join(folder, next)) === ABSENT) {
        this.#known.set(channel, { folder, version });
        return true;
      }
      folder = join(folder, next);
    }
    return false;
  }
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
