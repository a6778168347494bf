import type { FolderVersions } from "../../ports/index/folder_versions.ts";
import type { PostgresClient } from "./connection/postgres_client.ts";

/** Whether a folder is that of an hour of chat; larger ones are cheaper to list. */
function isHour(folder: string): boolean {
  return folder.split("/").length === 3;
}

/**
 * Tells whether folders of the archive at the client's address have changed, by the numbers that rows got when
 * they were written: a row that is written again gets another one. All processes name a state in the same way.
 */
export function postgresVersions(client: PostgresClient): FolderVersions {
  const table = `"${client.address.schema}".file`;
  return {
    async of(folders) {
      const rows = await client.ask({
        name: "chatloom versions",
        // "0" is the letter behind "/". Numbers are not in the order of commits, so the highest would not do.
        text:
          `select found.files, found.numbers::text from unnest($1::text[]) with ordinality f(name, at)
          cross join lateral (
            select count(*) as files, coalesce(sum(hashint8extended(seq, 0)::numeric), 0) as numbers
            from ${table} where key >= f.name || '/' and key < f.name || '0'
          ) found order by f.at`,
        values: [folders.filter(isHour)],
      }, { attempt: "look for changes" });
      const versions = rows.map(({ files, numbers }) => `${files}:${numbers}`);
      return folders.map((folder) => isHour(folder) ? versions.shift()! : "");
    },
  };
}
