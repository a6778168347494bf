import type { Database, SqlValue, Statement } from "./load_sqlite.ts";

/** A row of an answer. */
export type Row = { readonly [column: string]: unknown };

/** A connection to a database, with its prepared statements. */
export class Connection {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  /** Takes over `database`. */
  constructor(database: Database) {
    this.#database = database;
  }

  /** Runs statements without parameters. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs a statement, of which there are few: each is prepared once. */
  run(sql: string, ...values: SqlValue[]): void {
    this.#prepare(sql).run(...values);
  }

  /** The first row of an answer. */
  get(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  /** All rows of an answer. */
  all(sql: string, ...values: SqlValue[]): readonly Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** Runs `work` as one transaction that only reads. */
  reading<T>(work: () => T): T {
    this.exec("BEGIN");
    try {
      return work();
    } finally {
      this.exec("COMMIT");
    }
  }

  /** Closes the database. Never throws. */
  close(): void {
    this.#statements.clear();
    try {
      this.#database.close();
    } catch {
      // It was closed, or is damaged beyond closing.
    }
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#database.prepare(sql));
    return statement;
  }
}
