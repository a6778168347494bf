import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, runDeno } from "./run_deno.ts";

/** What a test file does when nothing is wrong. */
export interface CoveredTest {
  /** Relative to the project. */
  readonly file: string;
  readonly seconds: number;
  /** Source file → the lines that it runs, also in processes that it starts and lets end. */
  readonly lines: ReadonlyMap<string, ReadonlySet<number>>;
}

/** Runs one test file. `undefined` if it fails or takes longer than `timeoutSeconds`. */
export async function coverTest(
  root: string,
  file: string,
  timeoutSeconds: number,
): Promise<CoveredTest | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-coverage-"));
  try {
    const args = ["test", "-A", "--no-check", `--coverage=${folder}`, "--coverage-raw-data-only"];
    const run: Outcome = await runDeno(root, [...args, file], timeoutSeconds);
    if (run.exitCode !== 0) return undefined;
    const include = `--include=^file://${root}src/(core|engine)/`;
    const report = await runDeno(root, ["coverage", "--lcov", include, folder], 120);
    return { file, seconds: run.seconds, lines: readLcov(root, report.stdout) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The lines of each source file that were run, from a report in the lcov format. */
function readLcov(root: string, report: string): Map<string, Set<number>> {
  const files = new Map<string, Set<number>>();
  let lines = new Set<number>();
  for (const row of report.split("\n")) {
    if (row.startsWith("SF:")) {
      lines = new Set();
      files.set(row.slice(3).replace(root, ""), lines);
    } else if (row.startsWith("DA:")) {
      const [line, count] = row.slice(3).split(",").map(Number);
      if (count! > 0) lines.add(line!);
    }
  }
  return files;
}
