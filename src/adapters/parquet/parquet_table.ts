// hyparquet-writer writes Parquet: pages, dictionaries, Snappy and the footer are a format of their own, and this
// library is pure JavaScript, small and kept up.
import { ByteWriter, type ColumnSource, ParquetWriter } from "hyparquet-writer";

/** A column of a table. */
export interface ParquetColumn {
  readonly name: string;
  /** A `time` is written from RFC 3339, to the millisecond; a `number` from its decimal digits. */
  readonly type: "text" | "time" | "number";
}

/** The rows that are in memory and make a group of the file. */
const GROUP_ROWS = 20_000;

/**
 * Yields a Parquet file of `rows`, which have a text for each column; an empty one becomes null. Memory holds one
 * group of rows, and the footer.
 */
export async function* parquetTable<Row extends { readonly [column: string]: string }>(
  rows: AsyncIterable<Row>,
  columns: readonly ParquetColumn[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new ByteWriter();
  const schema = [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, type }) => ({
      name,
      repetition_type: "OPTIONAL" as const,
      ...SCHEMA[type],
    })),
  ];
  const writer = new ParquetWriter({ writer: bytes, schema, createdBy: "chatloom" });
  const take = () => {
    const taken = bytes.getBytes().slice();
    bytes.index = 0; // Its offset goes on: places in the file count from there.
    return taken;
  };
  let group: Row[] = [];
  for await (const row of rows) {
    group.push(row);
    if (group.length < GROUP_ROWS) continue;
    await writer.write({ columnData: toColumns(group, columns), rowGroupSize: GROUP_ROWS });
    group = [];
    yield take();
  }
  if (group.length > 0) {
    await writer.write({ columnData: toColumns(group, columns), rowGroupSize: GROUP_ROWS });
  }
  await writer.finish();
  yield take();
}

const SCHEMA = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  time: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
  number: { type: "DOUBLE" },
} as const;

function toColumns<Row extends { readonly [column: string]: string }>(
  rows: readonly Row[],
  columns: readonly ParquetColumn[],
): ColumnSource[] {
  return columns.map(({ name, type }) => ({
    name,
    data: rows.map((row) => toValue(row[name] ?? "", type)),
  }));
}

function toValue(text: string, type: ParquetColumn["type"]): string | number | Date | null {
  if (text === "") return null;
  if (type === "text") return text;
  return type === "time" ? new Date(text) : Number(text);
}
