// The module is loaded when an index is opened: Node 20 does not have it, and loads all the rest.
import process from "node:process";

/** A value of a column. */
export type SqlValue = string | number | Uint8Array;

/** What is used of a prepared statement of `node:sqlite`. */
export interface Statement {
  /** Runs it. */
  run(...values: SqlValue[]): unknown;
  /** The first row of its answer. */
  get(...values: SqlValue[]): unknown;
  /** All rows of its answer. */
  all(...values: SqlValue[]): unknown[];
}

/** What is used of a database of `node:sqlite`. */
export interface Database {
  /** Runs statements without parameters. */
  exec(sql: string): void;
  /** Prepares one statement. */
  prepare(sql: string): Statement;
  /** Closes it. */
  close(): void;
}

/** What is used of `node:sqlite`. @see {@link https://nodejs.org/api/sqlite.html | SQLite in Node} */
export interface Sqlite {
  /** Opens a database; makes the file if it is not there. */
  readonly DatabaseSync: new (path: string) => Database;
}

let loaded: { readonly sqlite: Sqlite | undefined } | undefined;

/** The runtime's SQLite with full-text search; `undefined` where it has none, as in Node 20. */
export function loadSqlite(): Sqlite | undefined {
  return (loaded ??= { sqlite: loadQuietly() }).sqlite;
}

function loadQuietly(): Sqlite | undefined {
  const { emitWarning } = process;
  // Node 22 calls the module experimental on standard error; what is used of it is the same in Node 24.
  process.emitWarning = () => {};
  try {
    const sqlite = process.getBuiltinModule?.("node:sqlite") as Sqlite | undefined;
    if (sqlite === undefined) return undefined;
    const database = new sqlite.DatabaseSync(":memory:");
    database.exec(
      "CREATE VIRTUAL TABLE t USING fts5(w, content='', contentless_delete=1, detail=none)",
    );
    database.close();
    return sqlite;
  } catch {
    return undefined; // It is too old for what the index needs.
  } finally {
    process.emitWarning = emitWarning;
  }
}
