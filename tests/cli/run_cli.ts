import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** How the command line ended. */
export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How {@link runCli} runs it. */
export interface CliOptions {
  /** What standard input holds. */
  readonly input?: string | Uint8Array;
  /** Closes standard output after its first piece, as `head` does. */
  readonly isCutOff?: boolean;
  /** A program that runs it, with its arguments: `["setpriv", …]`. */
  readonly under?: readonly string[];
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The command line from source. */
export const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Runs the command line from source, as its own process. */
export function runCli(
  args: readonly string[],
  { input = "", isCutOff = false, under = [], env = {} }: CliOptions = {},
): Promise<CliResult> {
  const [program, ...rest] = [
    ...under,
    process.execPath,
    ...["run", "--allow-all", "--no-check", MAIN],
    ...args,
  ];
  const child = spawn(program!, rest, {
    env: { ...process.env, NO_COLOR: "1", ...env },
    timeout: 60_000,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
    if (isCutOff) child.stdout.destroy();
  });
  child.stderr.setEncoding("utf8").on("data", (text) => stderr += text);
  child.stdin.on("error", () => {}); // It may end without reading.
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
