import { INDEX_TABLES } from "./index/index_tables.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { PostgresClient, Statement } from "./connection/postgres_client.ts";
import { codeOf } from "./connection/postgres_errors.ts";

/**
 * What each version of the tables adds to the one before. What is released is never changed: a new version
 * is added at the end. `$S` stands for the schema.
 *
 * Batches are rows, not messages: their bytes are what names, peers and laws speak of. Keys sort by code
 * unit, as the port wants, whatever the database's own order is. The server compresses, not the client, though
 * that would spare a fifth of the time of both: so SQL can compare `sha256(bytes)` with a key.
 */
const MIGRATIONS: readonly string[] = [
  `create table $S.archive (id uuid primary key);
  insert into $S.archive values (gen_random_uuid());
  create table $S.file (
    key text collate "C" primary key,
    bytes bytea not null,
    seq bigint generated always as identity
  );
  -- Chat takes a third of the room, for less of the server's time than its default compression (measured
  -- 2026-11: 0.33 times as much a put). Servers before 14 do not know it, and some are built without.
  do $$ begin
    execute 'alter table $S.file alter column bytes set compression lz4';
  exception when others then null;
  end $$;
  create table $S.hour_note (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    channel text collate "C" not null,
    hour text collate "C" not null,
    lines text not null
  );
  create index on $S.hour_note (channel, hour, seq);
  create table $S.order_note (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    channel text collate "C" not null,
    lines text not null
  );
  create index on $S.order_note (channel, seq);
  create table $S.settled (channel text collate "C" primary key, notes text not null);
  create table $S.prune_mark (channel text collate "C" primary key, hour text not null);
  create table $S.unsettled (
    owner uuid not null,
    channel text collate "C" not null,
    hour text collate "C" not null,
    primary key (owner, channel, hour)
  );`,
  INDEX_TABLES,
  // Of the last minutes; not logged, as files will hold it.
  `create unlogged table $S.live_line (
    seq bigint generated always as identity primary key,
    sender uuid not null,
    made_at timestamptz not null default clock_timestamp(),
    lines text not null
  );`,
];

/** The tables' version that this chatloom works with. */
const SCHEMA_VERSION = MIGRATIONS.length;

// Opening should say at once that nothing is there.
const PATIENCE_MS = 2_000;

/**
 * The version of the tables at the client's address; 0 if there is no archive.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is no such database, or a newer chatloom made the
 * tables; else as statements do.
 */
export async function schemaVersion(client: PostgresClient): Promise<number> {
  const attempt = "look for tables";
  const version = await client.again(async () => {
    try {
      return versionIn(await client.once(readVersion(client)));
    } catch (error) {
      if (codeOf(error) === "3F000" || codeOf(error) === "42P01") return 0;
      throw error;
    }
  }, { attempt, patienceMs: PATIENCE_MS });
  if (version > SCHEMA_VERSION) {
    throw new ChatloomError(
      "INPUT_UNREADABLE",
      `Cannot open the archive "${client.address.shown}": a newer chatloom made its tables ` +
        `(version ${version}, this one knows ${SCHEMA_VERSION})`,
    );
  }
  return version;
}

/**
 * Brings the tables to {@link SCHEMA_VERSION}. Several processes may do so at once: they wait for each other,
 * and one does the work. All of it happens or none.
 *
 * @throws {ChatloomError} `STORE_DENIED` when the role may not make tables; else as statements do.
 */
export async function migrate(client: PostgresClient): Promise<void> {
  if (await schemaVersion(client) === SCHEMA_VERSION) return;
  const attempt = "make the tables";
  await client.again(async () => {
    const connection = await client.connect();
    try {
      const { schema } = client.address;
      await connection.run({ text: "begin" });
      await connection.run({
        text: "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        values: [`chatloom migrate ${schema}`],
      });
      // A role that may use the schema and not make one: "if not exists" would be refused to it.
      const [found] = await connection.run({
        text: "select 1 from pg_namespace where nspname = $1",
        values: [schema],
      });
      if (found === undefined) await connection.run({ text: `create schema "${schema}"` });
      await connection.run({
        text: `create table if not exists "${schema}".schema_version (
          version int primary key, made_at timestamptz not null default now())`,
      });
      const version = versionIn(await connection.run(readVersion(client)));
      for (const [i, text] of MIGRATIONS.slice(version).entries()) {
        await connection.run({ text: text.replaceAll("$S", `"${schema}"`) });
        await connection.run({
          text: `insert into "${schema}".schema_version (version) values ($1)`,
          values: [version + i + 1],
        });
      }
      await connection.run({ text: "commit" });
    } finally {
      await connection.close().catch(() => {}); // What was not committed did not happen.
    }
  }, { attempt, patienceMs: PATIENCE_MS });
}

function readVersion({ address }: PostgresClient): Statement {
  return {
    text: `select coalesce(max(version), 0) as version from "${address.schema}".schema_version`,
  };
}

function versionIn([row]: readonly { readonly [column: string]: unknown }[]): number {
  return Number(row?.["version"] ?? 0);
}
