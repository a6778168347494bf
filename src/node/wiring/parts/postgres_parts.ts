import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openPostgresArchive } from "../../../adapters/postgres/postgres_archive.ts";
import type { ArchiveParts, OpenPartsOptions } from "./archive_parts.ts";

/**
 * The parts of the archive in PostgreSQL at `address`. A recorder's journal stays on this machine: it is what
 * is safe while the database is away.
 *
 * @throws {ChatloomError} as {@link openPostgresArchive} does.
 */
export async function postgresParts(
  address: string,
  { create = false }: OpenPartsOptions,
): Promise<ArchiveParts> {
  const archive = await openPostgresArchive(address, { create });
  const { store, lock, notes, marks, orders, settled, unsettled, changes, liveLines } = archive;
  if (create) await store.checkWritable();
  return {
    ...{ lock, notes, marks, orders, settled, unsettled, changes, liveLines },
    name: archive.address.shown,
    id: archive.id,
    settles: true,
    files: store,
    index: {
      open: () => Promise.resolve({ index: archive.index(), versions: archive.versions }),
      exists: () => Promise.resolve(true), // Its tables were made with the others.
      remove: async () => {
        const index = archive.index();
        for (const channel of await index.channels()) await index.forgetHours(channel);
      },
    },
    journalFolder: join(stateFolder(), "chatloom", archive.id),
    async writableFiles(options) {
      await store.checkWritable(options);
      return store;
    },
    close: () => archive.close(),
  };
}

/** Where programs keep what should survive a restart (XDG Base Directory Specification 0.8). */
function stateFolder(): string {
  const chosen = process.env["XDG_STATE_HOME"] ?? "";
  return chosen.startsWith("/") ? chosen : join(homedir(), ".local", "state");
}
