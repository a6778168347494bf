import { appendFileSync } from "node:fs";
import process from "node:process";

/** One figure of a bench, and what is asked of it. */
export interface BenchRow {
  /** What was measured, in a few words; the same in each run. */
  readonly name: string;
  /** The result. */
  readonly figure: number;
  /** What the figure counts: "MB", "× JSON.parse of the same lines". */
  readonly unit: string;
  /** A larger figure falls short. */
  readonly atMost?: number;
  /** A smaller figure falls short. */
  readonly atLeast?: number;
  /** What the figure was made from, in words: "3.1 s against 0.8 s". */
  readonly detail?: string;
}

/** The variable of the environment that names the file to which rows are appended, as lines of JSON. */
export const ROWS_FILE = "CHATLOOM_BENCH_ROWS";

/** Whether a row reaches what is asked of it; `undefined` if nothing is asked. */
export function isReached({ figure, atMost, atLeast }: BenchRow): boolean | undefined {
  if (atMost === undefined && atLeast === undefined) return undefined;
  return figure <= (atMost ?? Infinity) && figure >= (atLeast ?? -Infinity);
}

/** A figure with as many digits as it deserves: "0.43", "12.8", "301". */
export function formatFigure(figure: number): string {
  return figure.toFixed(figure >= 100 ? 0 : figure >= 10 ? 1 : 2);
}

/** What is asked of a row: "≤ 2", "≥ 3", or nothing. */
export function formatAsked({ atMost, atLeast }: BenchRow): string {
  const parts = [
    ...(atMost === undefined ? [] : [`≤ ${+atMost.toFixed(2)}`]),
    ...(atLeast === undefined ? [] : [`≥ ${+atLeast.toFixed(2)}`]),
  ];
  return parts.join(", ");
}

/**
 * Prints a row, and appends it to the file that {@link ROWS_FILE} names. The process ends with exit
 * code 1 once a row falls short.
 */
export function tellRow(row: BenchRow): void {
  const reached = isReached(row);
  const verdict = reached === undefined ? "" : reached ? "ok" : "SHORT";
  const asked = formatAsked(row);
  console.log(
    [
      `  ${row.name.padEnd(44)} ${formatFigure(row.figure).padStart(6)} ${row.unit.padEnd(34)}`,
      `${asked.padEnd(7)} ${verdict.padEnd(5)}`,
      row.detail ?? "",
    ].join(" ").trimEnd(),
  );
  if (reached === false) process.exitCode = 1;
  const path = process.env[ROWS_FILE];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(row)}\n`);
}
