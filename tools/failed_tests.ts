import { stripVTControlCharacters } from "node:util";

/** What `deno test` wrote of the tests that failed. */
export interface FailedTests {
  /** Each failed test with its place, or file that could not be run. */
  readonly names: readonly string[];
  /** The test files they stand in, from the project's folder. */
  readonly files: readonly string[];
  /** Why, as `deno test` told it. */
  readonly errors: string;
}

const ERRORS = /^ ERRORS $([\s\S]*?)^ FAILURES $([\s\S]*?)^FAILED \|/gm;

/** Finds the failed tests in what one or more runs of `deno test` wrote. */
export function findFailedTests(output: string): FailedTests {
  const plain = stripVTControlCharacters(output); // Colours, which a terminal may have asked for.
  const names: string[] = [];
  let errors = "";
  for (const [, why = "", failures = ""] of plain.matchAll(ERRORS)) {
    names.push(...failures.split("\n").map((line) => line.trim()).filter((line) => line !== ""));
    errors += why.trim() + "\n";
  }
  const files = names.flatMap((name) => /\.\/(\S+\.ts)/.exec(name)?.[1] ?? []);
  return { names, files: [...new Set(files)].sort(), errors };
}
