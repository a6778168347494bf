import { stripVTControlCharacters } from "node:util";

/** How many tests ran, and how they ended. */
export interface TestCounts {
  /** Ran well. */
  readonly passed: number;
  /** Did not. */
  readonly failed: number;
  /** Did not run, with a reason printed. */
  readonly skipped: number;
}

// The closing line of `deno test`, and the lines that tests of other runtimes print about theirs.
const DENO_SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/gm;
const RUNTIME_SUMMARY = /^\s*(?:node|browser): (\d+) passed, (\d+) failed, (\d+) skipped$/gm;

/** Adds up the tests that `output` tells of. A run that tells of none has failed. */
export function countTests(output: string): TestCounts {
  const plain = stripVTControlCharacters(output); // Colours, which a terminal may have asked for.
  let [passed, failed, skipped] = [0, 0, 0];
  let summaries = 0;
  for (const pattern of [DENO_SUMMARY, RUNTIME_SUMMARY]) {
    for (const match of plain.matchAll(pattern)) {
      if (pattern === DENO_SUMMARY) summaries++;
      passed += Number(match[1]);
      failed += Number(match[2]);
      skipped += Number(match[3] ?? 0);
    }
  }
  return summaries === 0 ? { passed, failed: failed + 1, skipped } : { passed, failed, skipped };
}

/** The line that ends a run of tests. */
export function formatCounts({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
