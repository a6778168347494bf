import { HOUR_US } from "../../../core/time.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import type { ChatIndex } from "../../../ports/index/chat_index.ts";
import type { PostgresClient, Row } from "../connection/postgres_client.ts";
import { codeOf } from "../connection/postgres_errors.ts";
import { DamagedIndexError } from "../../index_rows/damaged_index_error.ts";
import { numbersOf } from "../../index_rows/index_values.ts";
import { IndexChanges } from "./index_changes.ts";
import { hoursOf, minutesFound, peopleNamed, roomsOf } from "./index_questions.ts";
import { IndexSession } from "./index_session.ts";
import { INDEX_TABLE_NAMES } from "./index_tables.ts";
import { toColumn } from "./index_text.ts";

/** Hours that are forgotten in one transaction. */
const FORGOTTEN_AT_ONCE = 200;

/**
 * The index of the archive at the client's address, shared by all processes that use it. What was forgotten
 * leaves the tables with a purge; the server's log of changes keeps it until it is recycled.
 */
export class PostgresIndex implements ChatIndex {
  readonly #client: PostgresClient;
  readonly #session: IndexSession;
  #isClosed = false;

  /** Asks nothing before it is used. The client stays open when it is closed. */
  constructor(client: PostgresClient) {
    this.#client = client;
    this.#session = new IndexSession(client);
  }

  putHours: ChatIndex["putHours"] = async (channel, hours, options = {}) => {
    this.#check();
    await this.#session.write(`index "${channel}"`, async (run) => {
      const changes = await IndexChanges.begin(run, channel);
      const [state] = await run({ text: "select salt from $S.index_state" });
      if (state === undefined) throw new DamagedIndexError("it has no name");
      await changes.put(hours, Number(state["salt"]));
      await changes.finish();
    }, options);
  };

  restampHours: ChatIndex["restampHours"] = async (channel, hours) => {
    this.#check();
    await this.#session.write(`index "${channel}"`, async (run) => {
      const changes = await IndexChanges.begin(run, channel);
      for (const { hourUs, from, to } of hours) {
        await run({
          text: `update $S.index_hour h set files = $6, orders = $7, folders = $8
            from $S.index_channel c where c.name = $1 and h.channel = c.no and h.hour = $2
            and h.files = $3 and h.orders = $4 and h.folders = $5`,
          values: [
            channel,
            hourUs / HOUR_US,
            ...[from.files, from.orders, from.folders, to.files, to.orders, to.folders].map(
              toColumn,
            ),
          ],
        });
      }
      await changes.finish();
    });
  };

  forgetHours: ChatIndex["forgetHours"] = async (channel, span = {}) => {
    this.#check();
    for (;;) {
      const isDone = await this.#session.write(`forget hours of "${channel}"`, async (run) => {
        const rows = await run({
          text: `select hour from $S.index_hour h join $S.index_channel c on c.no = h.channel
            where c.name = $1 and hour >= $2 and hour < $3 order by hour limit ${FORGOTTEN_AT_ONCE}`,
          values: [channel, ...numbersOf(span, HOUR_US)],
        });
        if (rows.length === 0) return true;
        const changes = await IndexChanges.begin(run, channel);
        await changes.clear(rows.map(({ hour }) => Number(hour)));
        await changes.finish();
        return rows.length < FORGOTTEN_AT_ONCE;
      }, span);
      if (isDone) return;
    }
  };

  purge: ChatIndex["purge"] = async ({ signal } = {}) => {
    this.#check();
    const { schema } = this.#client.address;
    const [state] = await this.#session.read(
      (run) => run({ text: "select is_unpurged from $S.index_state" }),
      { signal },
    );
    if (state?.["is_unpurged"] !== true) return true;
    // Before the work: what another process forgets meanwhile sets it again.
    await this.#client.ask({
      text: `update "${schema}".index_state set is_unpurged = false`,
    }, { attempt: "purge the index", signal });
    const names = INDEX_TABLE_NAMES.map((name) => `"${schema}".${name}`).join(", ");
    try {
      await this.#client.again(async () => {
        const connection = await this.#client.connect();
        try {
          await connection.run({ text: "set statement_timeout = 0" });
          await connection.run({ text: `vacuum ${names}` });
        } finally {
          await connection.close().catch(() => {}); // What it did is done.
        }
      }, { attempt: "purge the index", signal });
      return true;
    } catch (error) {
      await this.#client.ask({
        text: `update "${schema}".index_state set is_unpurged = true`,
      }, { attempt: "purge the index" });
      const cause = error instanceof ChatloomError ? error.cause : error;
      if (codeOf(cause) === "57014") return false; // It took too long: the caller tries again.
      throw error;
    }
  };

  revision: ChatIndex["revision"] = async (channel) => {
    this.#check();
    const row = await this.#session.read(async (run) => {
      const [row] = await run({
        name: "chatloom index revision",
        text: `select s.epoch, case when $1::text is null then s.revision else coalesce(
            (select c.revision from $S.index_channel c where c.name = $1), 0) end as revision
          from $S.index_state s`,
        values: [channel ?? null],
      });
      if (row === undefined) throw new DamagedIndexError("it has no name");
      return row;
    });
    return `${row["epoch"]} ${row["revision"]}`;
  };

  channels: ChatIndex["channels"] = async (options = {}) => {
    this.#check();
    const rows = await this.#session.read(
      (run) => run({ text: "select name from $S.index_channel order by name" }),
      options,
    );
    return rows.map((row: Row) => String(row["name"]));
  };

  hours: ChatIndex["hours"] = async (channel, span = {}) => {
    this.#check();
    return await this.#session.read((run) => hoursOf(run, channel, span), span);
  };

  rooms: ChatIndex["rooms"] = async ({ counts = allHours, ...options } = {}) => {
    this.#check();
    const found = await this.#session.read((run) => roomsOf(run, counts), options);
    return found.sort((a, b) => order(a.channel, b.channel) || order(a.roomId, b.roomId));
  };

  people: ChatIndex["people"] = async (
    { ids = [], logins = [] },
    { counts = allHours, ...options } = {},
  ) => {
    this.#check();
    const found = await this.#session.read(
      (run) => peopleNamed(run, { ids, logins }, counts),
      options,
    );
    return found.sort((a, b) =>
      order(a.channel, b.channel) || order(a.id, b.id) || order(a.login, b.login)
    );
  };

  find: ChatIndex["find"] = async (channel, query) => {
    this.#check();
    return await this.#session.read((run) => minutesFound(run, channel, query), query);
  };

  close: ChatIndex["close"] = async () => {
    this.#isClosed = true;
    await Promise.resolve();
  };

  #check(): void {
    if (this.#isClosed) throw new ChatloomError("STORE_IO", "Cannot use the index: it is closed");
  }
}

function allHours(): boolean {
  return true;
}

function order(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
