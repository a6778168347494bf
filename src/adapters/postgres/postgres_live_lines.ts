import { randomUUID } from "node:crypto";
import type { LiveLines } from "../../ports/archive/live_lines.ts";
import { pause } from "./connection/pause.ts";
import { listen } from "./connection/listen.ts";
import type { PostgresClient, Row } from "./connection/postgres_client.ts";

/** What the channel of changes tells when lines come. */
const LINES = "live";
const KEPT = "interval '3 minutes'";
/** Rows are looked for this often even if nothing is told. */
const LOOK_MS = 1_000;
const ROWS_AT_ONCE = 16;
/** Rows are not seen in the order of their numbers: how far behind the last one others may come. */
const OVERLAP = 256;
const PATIENCE_MS = 1_000;

/**
 * Lines in a table of the archive at the client's address that the server does not log: they cost no flush, and
 * are gone when it crashes. Each call of `send` is a row; the sender deletes what is old.
 */
export function postgresLiveLines(client: PostgresClient): LiveLines {
  const { schema } = client.address;
  const table = `"${schema}".live_line`;
  const sender = randomUUID();
  return {
    async send(lines) {
      await client.ask({
        name: "chatloom live send",
        text: `with gone as (delete from ${table} where made_at < clock_timestamp() - ${KEPT}),
          made as (insert into ${table} (sender, lines) values ($1, $2) returning 1)
          select pg_notify('${schema}', '${LINES}') from made`,
        values: [sender, lines.join("\n")],
      }, { attempt: "give messages to other nodes", patienceMs: PATIENCE_MS });
    },

    async follow(onLine, signal) {
      const seen = new Set<number>();
      let last = 0;
      let woken = new AbortController();
      const wake = () => woken.abort();
      const read = async () => {
        const attempt = "read messages of other nodes";
        const options = { attempt, signal, patienceMs: PATIENCE_MS };
        const text = `select coalesce(max(seq), 0) as top from ${table}`;
        const [row] = await client.ask({ name: "chatloom live top", text }, options);
        const top = Number(row?.["top"]);
        // All rows are gone after a crash of the server, which may count from the beginning then.
        if (top > 0 && top < last) {
          last = 0;
          seen.clear();
        }
        for (let rows: readonly Row[] = [{}]; rows.length > 0;) {
          rows = await client.ask({
            text: `select seq, sender, lines from ${table}
              where seq > $1 and seq <> all($2::bigint[]) and sender <> $3
              and made_at > clock_timestamp() - ${KEPT} order by seq limit ${ROWS_AT_ONCE}`,
            values: [last - OVERLAP, [...seen], sender],
          }, options);
          for (const row of rows) {
            const seq = Number(row["seq"]);
            seen.add(seq);
            last = Math.max(last, seq);
            for (const line of String(row["lines"]).split("\n")) {
              onLine(String(row["sender"]), line);
            }
          }
          for (const seq of seen) if (seq <= last - OVERLAP) seen.delete(seq);
        }
      };
      const listening = listen(client, {
        channel: schema,
        signal,
        onReady: wake,
        onNotice: (payload) => payload === LINES && wake(),
      });
      while (!signal.aborted) {
        const current = woken = new AbortController();
        await read().catch(() => {}); // The database is away, and is asked again.
        await pause(LOOK_MS, signal, current.signal);
      }
      await listening;
    },
  };
}
