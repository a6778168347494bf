import {
  openPostgresArchive,
  type PostgresArchive,
} from "../../../adapters/postgres/postgres_archive.ts";
import { parsePostgresAddress } from "../../../adapters/postgres/connection/postgres_address.ts";
import { isUnknownHost, mayPass } from "../../../adapters/postgres/connection/postgres_errors.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import type { AbortOptions } from "../../../ports/batch_store.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import type { StoredAtOnce } from "../../../engine/record/batch_puts.ts";
import type { ArchiveParts, OpenPartsOptions } from "./archive_parts.ts";
import { StateOfAddress } from "./state_of_address.ts";

/** What is on its way together is one statement and one flush. */
const STORED_AT_ONCE: StoredAtOnce = { countMax: 64, bytesMax: 8 * 1024 * 1024 };

/**
 * The parts of the archive in PostgreSQL at `address`. A recorder's journal stays on this machine: it is what
 * is safe while the database is away.
 *
 * @throws {ChatloomError} as {@link openPostgresArchive} does.
 */
export async function postgresParts(
  address: string,
  { create = false, mayBeAway: reporter }: OpenPartsOptions,
): Promise<ArchiveParts> {
  const state = new StateOfAddress(parsePostgresAddress(address));
  const knownId = await state.id();
  const archive = await openPostgresArchive(address, {
    create,
    mayBeAway(error) {
      // A name that never had an address is misspelt.
      if (reporter === undefined || knownId === undefined && isUnknownHost(error)) return false;
      tellFailure(reporter, error);
      return true;
    },
  });
  const { store, lock, notes, marks, orders, settled, unsettled, changes, liveLines } = archive;
  if (reporter !== undefined) await remember(archive, { state, reporter });
  const check = async (options: AbortOptions = {}) => {
    if (archive.id === undefined) return;
    try {
      await store.checkWritable(options);
    } catch (error) {
      if (reporter === undefined || !mayPass(error)) throw error;
      tellFailure(reporter, error);
    }
  };
  if (create) await check();
  return {
    ...{ lock, notes, marks, orders, settled, unsettled, changes, liveLines },
    name: archive.address.shown,
    id: archive.id ?? knownId,
    settles: true,
    storedAtOnce: STORED_AT_ONCE,
    files: store,
    index: {
      open: () => Promise.resolve({ index: archive.index(), versions: archive.versions }),
      exists: () => Promise.resolve(true), // Its tables were made with the others.
      remove: async () => {
        const index = archive.index();
        for (const channel of await index.channels()) await index.forgetHours(channel);
      },
    },
    journalFolder: state.folder(archive.id ?? knownId),
    async writableFiles(options) {
      await check(options);
      return store;
    },
    close: () => archive.close(),
  };
}

/** Notes the archive's id for a start without the database: now, or when the database is back. */
async function remember(
  { id, ready }: PostgresArchive,
  { state, reporter }: { readonly state: StateOfAddress; readonly reporter: Reporter },
): Promise<void> {
  if (id !== undefined) return await state.remember(id, reporter);
  ready.then(async (found) => {
    reporter.report("info", "The archive can be reached now");
    await state.remember(found, reporter);
  }).catch((error: unknown) => {
    if (!(error instanceof ChatloomError)) return; // The archive was closed before.
    const fields = { code: error.code, error: error.message };
    reporter.report(
      "error",
      "The archive cannot be used: end this, and mend what is wrong",
      fields,
    );
  });
}

function tellFailure(reporter: Reporter, { code, message }: ChatloomError): void {
  const what = "The archive cannot be written now: what comes is kept in the journal until it can";
  reporter.report("error", what, { code, error: message });
}
