import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import type { ArchiveChanges } from "../../ports/archive/archive_changes.ts";
import { listen } from "./connection/listen.ts";
import type { PostgresClient, Statement } from "./connection/postgres_client.ts";

/** A statement tells of a file by this letter and its key, as its transaction takes effect. */
const [STORED, DELETED] = ["+", "-"];

/** An expression that tells that the file `key` of a row was stored. */
export function tellStored(schema: string): string {
  return `pg_notify('${schema}', '${STORED}' || key)`;
}

/** Deletes files, and tells of those that were there. */
export function deleteStatement(schema: string, keys: readonly ArchiveKey[]): Statement {
  return {
    name: "chatloom delete",
    text: `with gone as (delete from "${schema}".file where key = any($1::text[]) returning key)
      select pg_notify('${schema}', '${DELETED}' || key) from gone`,
    values: [keys],
  };
}

/**
 * Tells of changes in the archive at the client's address. What is told while the connection is lost is not
 * looked up, as a file that is gone leaves no trace: `missed` says that all may have changed.
 */
export function postgresChanges(client: PostgresClient): ArchiveChanges {
  return {
    async follow(onChange, signal) {
      await listen(client, {
        channel: client.address.schema,
        signal,
        onReady: () => onChange({ kind: "missed" }),
        onNotice(payload) {
          const key = payload.slice(1) as ArchiveKey;
          // Any role of the database may tell anything.
          if (parseArchiveKey(key) === undefined) return;
          if (payload.startsWith(STORED!)) onChange({ kind: "stored", key });
          else if (payload.startsWith(DELETED!)) onChange({ kind: "deleted", key });
        },
      });
    },
  };
}
