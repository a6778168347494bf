import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { fileSystemVersions } from "../../../adapters/file_system/file_system_versions.ts";
import type { IndexPlace } from "./archive_parts.ts";

/** The index of the archive in `folder`, in its state folder. */
export function folderIndex(folder: string): IndexPlace {
  // Most verbs need no index.
  const load = () => import("../../../adapters/sqlite/sqlite_index.ts");
  return {
    async open() {
      const index = (await load()).sqliteIndex(folder);
      return index && { index, versions: fileSystemVersions(folder) };
    },
    exists: async () => existsSync((await load()).indexFolder(folder)),
    remove: async () =>
      await rm((await load()).indexFolder(folder), { recursive: true, force: true }),
  };
}
