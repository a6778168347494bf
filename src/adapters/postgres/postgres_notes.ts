import { randomUUID } from "node:crypto";
import { isChannelName, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { HourNotes } from "../../ports/notes/hour_notes.ts";
import type { OrderNotes } from "../../ports/notes/order_notes.ts";
import type { PruneMarks } from "../../ports/notes/prune_marks.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import type { PostgresClient } from "./connection/postgres_client.ts";

/** Notes are cut off here: chatloom writes no more. */
const NOTES_MAX_LETTERS = 8 * 1024 * 1024;
/** More notes on orders are not read: chatloom stops before. */
const ORDERS_MAX_BYTES = 64 * 1024 * 1024;

// What is appended is a row with an id of its own, so that a statement that is tried again adds it once.

/** Notes about the hours of the archive at the client's address, for all nodes that share it. */
export function postgresNotes(client: PostgresClient): HourNotes {
  const table = `"${client.address.schema}".hour_note`;
  const check = (channel: string, hour: string) => {
    if (isChannelName(channel) && parseHour(hour) !== undefined) return `${channel}/${hour}`;
    throw new RangeError(`Cannot keep notes on "${channel}/${hour}": it is no channel's hour`);
  };
  return {
    async read(channel, hour, { signal } = {}) {
      const attempt = `read the notes on "${check(channel, hour)}"`;
      const [row] = await client.ask({
        name: "chatloom read notes",
        text: `select right(coalesce(string_agg(lines, '' order by seq), ''), $3) as lines
          from ${table} where channel = $1 and hour = $2`,
        values: [channel, hour, NOTES_MAX_LETTERS],
      }, { attempt, signal });
      return String(row?.["lines"] ?? "");
    },
    async append(channel, hour, lines) {
      const attempt = `keep notes on "${check(channel, hour)}"`;
      await client.ask({
        name: "chatloom append notes",
        text: `insert into ${table} (id, channel, hour, lines) values ($1, $2, $3, $4)
          on conflict (id) do nothing`,
        values: [randomUUID(), channel, hour, lines],
      }, { attempt });
    },
    async replace(channel, hour, lines) {
      const attempt = `keep notes on "${check(channel, hour)}"`;
      await client.ask({
        text: `with gone as (delete from ${table} where channel = $2 and hour = $3 and id <> $1)
          insert into ${table} (id, channel, hour, lines) select $1, $2, $3, $4 where $4 <> ''
          on conflict (id) do nothing`,
        values: [randomUUID(), channel, hour, lines],
      }, { attempt });
    },
  };
}

/** Which hours of the archive at the client's address are no longer wanted by any node that shares it. */
export function postgresMarks(client: PostgresClient): PruneMarks {
  const table = `"${client.address.schema}".prune_mark`;
  return {
    async get(channel, { signal } = {}) {
      checkChannel(channel);
      const attempt = `read the mark of "${channel}"`;
      const [row] = await client.ask({
        text: `select hour from ${table} where channel = $1`,
        values: [channel],
      }, { attempt, signal });
      const hour = String(row?.["hour"] ?? "");
      if (hour === "" || parseHour(hour) !== undefined) return hour;
      throw new ChatloomError("STORE_IO", `Cannot ${attempt}: it names no hour`);
    },
    async set(channel, hour) {
      checkChannel(channel);
      const statement = hour === ""
        ? { text: `delete from ${table} where channel = $1`, values: [channel] }
        : {
          text: `insert into ${table} (channel, hour) values ($1, $2)
            on conflict (channel) do update set hour = excluded.hour`,
          values: [channel, hour],
        };
      await client.ask(statement, { attempt: `set the mark of "${channel}"` });
    },
  };
}

/** Notes about the orders that peers gave to the archive at the client's address. */
export function postgresOrders(client: PostgresClient): OrderNotes {
  const table = `"${client.address.schema}".order_note`;
  return {
    async channels({ signal } = {}) {
      const rows = await client.ask({
        text: `select distinct channel from ${table} order by channel`,
      }, { attempt: "list the notes on orders", signal });
      return rows.map(({ channel }) => String(channel)).filter(isChannelName);
    },
    async read(channel, { signal } = {}) {
      checkChannel(channel);
      const attempt = `read the notes on orders for "${channel}"`;
      const [row] = await client.ask({
        text: `select string_agg(lines, '' order by seq) as lines from ${table}
          where channel = $1 having sum(octet_length(lines)) <= $2`,
        values: [channel, ORDERS_MAX_BYTES],
      }, { attempt, signal });
      if (row !== undefined) return String(row["lines"] ?? "");
      const [any] = await client.ask({
        text: `select 1 from ${table} where channel = $1 limit 1`,
        values: [channel],
      }, { attempt, signal });
      if (any === undefined) return "";
      throw new ChatloomError("STORE_IO", `Cannot ${attempt}: they are too large`);
    },
    async append(channel, lines) {
      checkChannel(channel);
      await client.ask({
        text: `insert into ${table} (id, channel, lines) values ($1, $2, $3)
          on conflict (id) do nothing`,
        values: [randomUUID(), channel, lines],
      }, { attempt: `keep notes on orders for "${channel}"` });
    },
    async sizeBytes() {
      const [row] = await client.ask({
        text: `select coalesce(sum(octet_length(lines)), 0) as bytes from ${table}`,
      }, { attempt: "look at the notes on orders" });
      return Number(row?.["bytes"] ?? 0);
    },
  };
}

const LINE = /^(\S{13}) ([A-Za-z0-9_-]+)$/;

/** Which hours of the archive at the client's address are settled. */
export function postgresSettled(client: PostgresClient): SettledNotes {
  const table = `"${client.address.schema}".settled`;
  return {
    async read(channel, { signal } = {}) {
      checkChannel(channel);
      const [row] = await client.ask({
        name: "chatloom read settled",
        text: `select right(notes, $2) as notes from ${table} where channel = $1`,
        values: [channel, NOTES_MAX_LETTERS],
      }, { attempt: `read which hours of "${channel}" are settled`, signal });
      const notes = new Map<string, string>();
      for (const line of String(row?.["notes"] ?? "").split("\n")) {
        const [, hour = "", note = ""] = LINE.exec(line) ?? [];
        if (parseHour(hour) !== undefined) notes.set(hour, note);
      }
      return notes;
    },
    async write(channel, notes) {
      checkChannel(channel);
      const lines = [...notes].sort().map(([hour, note]) => `${hour} ${note}\n`);
      await client.ask({
        text: `insert into ${table} (channel, notes) values ($1, $2)
          on conflict (channel) do update set notes = excluded.notes`,
        values: [channel, lines.join("")],
      }, { attempt: `note which hours of "${channel}" are settled` });
    },
  };
}

function checkChannel(channel: string): void {
  if (!isChannelName(channel)) throw new RangeError(`Cannot note "${channel}": no channel name`);
}
