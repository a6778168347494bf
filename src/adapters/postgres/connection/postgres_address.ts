import { ChatloomError } from "../../../core/errors/errors.ts";

/** Where an archive in PostgreSQL is. */
export interface PostgresAddress {
  /**
   * For the client: `postgres://…` without the schema. What it leaves out comes from `PGHOST`, `PGPORT`,
   * `PGUSER`, `PGPASSWORD`, `PGDATABASE` and the password file.
   */
  readonly url: string;
  /** The schema that holds the archive's tables; lower case letters, digits and `_`. */
  readonly schema: string;
  /** For messages: without user, password and parameters. */
  readonly shown: string;
}

const SCHEMA_DEFAULT = "chatloom";
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** Whether `text` has the form of an address of PostgreSQL, and not of a folder. */
export function isPostgresAddress(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text);
}

/**
 * Reads the address of an archive: a connection URI as `psql` takes it, in which `schema=NAME` names the
 * schema; `chatloom` is the default.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it is no address. The message repeats no password.
 */
export function parsePostgresAddress(text: string): PostgresAddress {
  // A URI without a host stands for that of the environment; URL knows none without.
  const hasHost = !/^[a-z]+:\/\/(?:[^/?@]*@)?(?:[/?]|$)/i.test(text);
  let url;
  try {
    url = new URL(text);
  } catch {
    // Its error would repeat the password.
    throw unreadable("it is not of the form postgres://USER@HOST:PORT/DATABASE");
  }
  const schema = url.searchParams.get("schema") ?? SCHEMA_DEFAULT;
  if (!SCHEMA.test(schema) || schema.startsWith("pg_")) {
    throw unreadable("the schema may have lower case letters, digits and _ in its name");
  }
  url.searchParams.delete("schema");
  const host = url.searchParams.get("host") ?? (hasHost ? url.host : "");
  const shown = `postgres://${host.startsWith("/") ? "" : host}${url.pathname}` +
    (schema === SCHEMA_DEFAULT ? "" : `?schema=${schema}`);
  return { url: url.href, schema, shown };
}

function unreadable(why: string): ChatloomError {
  return new ChatloomError("INPUT_UNREADABLE", `Cannot use this address of PostgreSQL: ${why}`);
}
