import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import type { Statement } from "../connection/postgres_client.ts";

/** A statement tells of a file by this letter and its key, as its transaction takes effect. */
export const STORED = "+";

/** As {@link STORED}, of one that is gone. */
export const DELETED = "-";

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
