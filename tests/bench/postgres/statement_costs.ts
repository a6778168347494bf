import { parsePostgresAddress } from "../../../src/adapters/postgres/connection/postgres_address.ts";
import { PostgresClient } from "../../../src/adapters/postgres/connection/postgres_client.ts";
import { tellStored } from "../../../src/adapters/postgres/grouped/told_changes.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { tellRow } from "../bench_row.ts";
import { eachFile, type MadeFile } from "../worlds/made_batches.ts";

const ROUNDS = 5;
/** As many as a store puts into a statement, and as many statements at a time. */
const [GROUP, GROUPS] = [64, 3];

/** The least time of each work, in ms; rounds are interleaved. */
async function leastMs<Name extends string>(
  works: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Record<Name, number>> {
  const least = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of Object.keys(works) as Name[]) {
      const startMs = performance.now();
      await works[name]();
      least.set(name, Math.min(performance.now() - startMs, least.get(name) ?? Infinity));
    }
  }
  return Object.fromEntries(least) as Record<Name, number>;
}

/** Tells what reading together is worth, and what it costs to tell others of each put. `files` are in `store`. */
export async function tellStatementCosts(
  address: string,
  { store, files }: { readonly store: BatchStore; readonly files: readonly MadeFile[] },
): Promise<void> {
  const parsed = parsePostgresAddress(address);
  const client = new PostgresClient(parsed);
  const table = `"${parsed.schema}".bench_file`;
  try {
    const get = ({ key }: MadeFile) => store.get(key);
    const reads = await leastMs({
      // What a get was before: the column as it is, in a statement of its own.
      alone: () =>
        eachFile(files, 8, async ({ key }) => {
          const text = `select bytes from "${parsed.schema}".file where key = $1`;
          await client.once({ name: "bench get", text, values: [key] });
        }),
      together: () => eachFile(files, 8, get),
      "one after another": () => eachFile(files, 1, get),
    });
    tellRow({
      name: "PostgreSQL: gets, 8 at once, read together",
      figure: reads.alone / reads.together,
      unit: "× as fast as a statement each",
      detail: `${reads.together.toFixed(0)} ms against ${reads.alone.toFixed(0)} ms, ${
        reads["one after another"].toFixed(0)
      } ms one after another`,
    });

    await client.once({
      text: `create table ${table} (like "${parsed.schema}".file including all)`,
    });
    const put = async (select: string) => {
      await client.once({ text: `truncate ${table}` });
      const groups = Array.from({ length: Math.ceil(files.length / GROUP) }, (_, i) => i * GROUP);
      const one = async () => {
        for (let at = groups.shift(); at !== undefined; at = groups.shift()) {
          const group = files.slice(at, at + GROUP);
          const rows = group.map((_, i) => `($${2 * i + 1}, $${2 * i + 2})`).join(", ");
          await client.once({
            text: `with stored as (insert into ${table} (key, bytes) values ${rows} returning key)
              select ${select} from stored`,
            values: group.flatMap(({ key, bytes }) => [key, Buffer.from(bytes)]),
          });
        }
      };
      await Promise.all(Array.from({ length: GROUPS }, one));
    };
    const puts = await leastMs({
      silent: () => put("key"),
      told: () => put(tellStored(parsed.schema)),
    });
    tellRow({
      name: "PostgreSQL: puts of which others are told",
      figure: puts.told / puts.silent,
      unit: "× the time of puts in silence",
      detail: `${puts.told.toFixed(0)} ms against ${puts.silent.toFixed(0)} ms`,
    });
  } finally {
    await client.close();
  }
}
