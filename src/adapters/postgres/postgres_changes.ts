import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import type { ArchiveChanges } from "../../ports/archive/archive_changes.ts";
import { listen } from "./connection/listen.ts";
import type { PostgresClient } from "./connection/postgres_client.ts";
import { DELETED, STORED } from "./grouped/told_changes.ts";

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
          if (payload.startsWith(STORED)) onChange({ kind: "stored", key });
          else if (payload.startsWith(DELETED)) onChange({ kind: "deleted", key });
        },
      });
    },
  };
}
