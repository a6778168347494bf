import { ChatloomError } from "../../../core/errors/errors.ts";
import { DamagedIndexError } from "../../index_rows/damaged_index_error.ts";
import type { PostgresClient, Run } from "../connection/postgres_client.ts";
import { codeOf, isDamage, postgresError } from "../connection/postgres_errors.ts";
import type { AbortOptions } from "../../../ports/batch_store.ts";
import { INDEX_TABLE_NAMES, INDEX_TABLES } from "./index_tables.ts";

// A table, a column or a row that must be there is not: the index is not as it was made.
const MISSING: ReadonlySet<string> = new Set(["42P01", "42703", "42804", "42883"]);

/** Transactions on an index, which is made anew when one finds it damaged. */
export class IndexSession {
  readonly #client: PostgresClient;

  /** The index of the archive at the client's address. */
  constructor(client: PostgresClient) {
    this.#client = client;
  }

  /** Reads: all statements see one state. */
  async read<T>(work: (run: Run) => Promise<T>, { signal }: AbortOptions = {}): Promise<T> {
    const begin = "begin isolation level repeatable read read only";
    return await this.#work("read the index", { begin, work, signal });
  }

  /**
   * Changes the index in one transaction. It may run twice where the connection breaks at its end, so it must do no harm
   * then.
   */
  async write<T>(
    attempt: string,
    work: (run: Run) => Promise<T>,
    { signal }: AbortOptions = {},
  ): Promise<T> {
    return await this.#work(attempt, { begin: "begin", work, signal });
  }

  async #work<T>(
    attempt: string,
    { begin, work, signal }: AbortOptions & {
      readonly begin: string;
      readonly work: (run: Run) => Promise<T>;
    },
  ): Promise<T> {
    signal?.throwIfAborted();
    const { schema, shown } = this.#client.address;
    let isDamaged = false;
    try {
      return await this.#client.again(async () => {
        try {
          return await this.#client.transact(begin, (run) =>
            work((statement) => {
              signal?.throwIfAborted();
              return run({ ...statement, text: statement.text.replaceAll("$S", `"${schema}"`) });
            }));
        } catch (error) {
          isDamaged = error instanceof DamagedIndexError || isDamage(error) ||
            MISSING.has(codeOf(error));
          throw error;
        }
      }, { attempt, signal });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!isDamaged) throw error;
      const cause = error instanceof ChatloomError ? error.cause : error;
      await this.#remake().catch(() => {}); // The damage is reported; the next call finds it again.
      const what = postgresError(`${attempt} in archive "${shown}"`, cause).message;
      throw new ChatloomError("STORE_IO", `${what}: the index is made anew`, { cause });
    }
  }

  async #remake(): Promise<void> {
    const { schema } = this.#client.address;
    const text = [
      ...INDEX_TABLE_NAMES.map((name) => `drop table if exists $S.${name};`),
      INDEX_TABLES,
    ].join("\n").replaceAll("$S", `"${schema}"`);
    await this.#client.again(async () =>
      await this.#client.transact("begin", async (run) => {
        // Two processes that find the same damage do it one after the other.
        await run({
          text: "select pg_advisory_xact_lock(hashtextextended($1, 0))",
          values: [`chatloom migrate ${schema}`],
        });
        await run({ text });
      }), { attempt: "make the index anew" });
  }
}
