import { test } from "node:test";
import {
  openPostgresArchive,
  type OpenPostgresOptions,
  type PostgresArchive,
} from "../../../src/adapters/postgres/postgres_archive.ts";
import { PostgresClient } from "../../../src/adapters/postgres/connection/postgres_client.ts";
import { parsePostgresAddress } from "../../../src/adapters/postgres/connection/postgres_address.ts";
import type { PostgresServer } from "./postgres_server.ts";

/** What the tests with PostgreSQL share. */
export interface PostgresWorld {
  readonly server: PostgresServer;
}

/** Opens new, empty archives, and whatever opens them again; `close` closes them all. */
export function openArchives(
  { server }: PostgresWorld,
  options: OpenPostgresOptions = {},
): {
  readonly address: string;
  open(): Promise<PostgresArchive>;
  /** Runs SQL as another program would; `$S` stands for the schema. */
  sql(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
} {
  const address = server.address();
  const parsed = parsePostgresAddress(address);
  const client = new PostgresClient(parsed);
  const opened: PostgresArchive[] = [];
  return {
    address,
    async open() {
      const archive = await openPostgresArchive(address, { create: true, ...options });
      opened.push(archive);
      return archive;
    },
    sql: (text, values = []) =>
      client.once({ text: text.replaceAll("$S", `"${parsed.schema}"`), values }),
    async close() {
      await Promise.all([client.close(), ...opened.map((each) => each.close())]);
    },
  };
}

/** Registers tests that get an archive of their own, which is closed behind them. */
export function testerWithArchives(
  world: PostgresWorld,
): (name: string, body: (archives: ReturnType<typeof openArchives>) => Promise<void>) => void {
  return (name, body) => {
    test(name, async () => {
      const archives = openArchives(world);
      try {
        await body(archives);
      } finally {
        await archives.close();
      }
    });
  };
}
