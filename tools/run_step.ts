import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at the end. */
export const PROJECT = fileURLToPath(new URL("../", import.meta.url));

/** What became of a command that was shown to the user while it ran. */
export interface StepResult {
  /** What stands in reports. */
  readonly name: string;
  /** 0 when all is well. */
  readonly exitCode: number;
  /** All it wrote, on both streams. */
  readonly output: string;
  /** How long it took. */
  readonly seconds: number;
}

/** How {@link runStep} runs a command. */
export interface StepOptions {
  /** Added to the environment. */
  readonly env?: Record<string, string>;
  /** So long it may take before it is killed and counts as failed. */
  readonly timeoutSeconds?: number;
  /** Show nothing unless it fails. */
  readonly isQuiet?: boolean;
}

/**
 * Runs `command` in the project's folder, showing and keeping what it writes. `deno` stands for the
 * Deno that runs this. Never rejects: what cannot be started has failed.
 */
export function runStep(
  name: string,
  [command = "", ...args]: readonly string[],
  { env = {}, timeoutSeconds = 2700, isQuiet = false }: StepOptions = {},
): Promise<StepResult> {
  const startedAtMs = performance.now();
  const child = spawn(command === "deno" ? process.execPath : command, args, {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"], // No one is there to answer a prompt.
    timeout: timeoutSeconds * 1000,
    killSignal: "SIGKILL",
  });
  let output = "";
  const keep = (text: string): void => {
    output += text;
    if (!isQuiet) process.stdout.write(text);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  return new Promise((resolve) => {
    const finish = (exitCode: number, reason: string): void => {
      if (reason !== "") keep(`${reason}\n`);
      if (isQuiet && exitCode !== 0) process.stdout.write(output);
      resolve({ name, exitCode, output, seconds: (performance.now() - startedAtMs) / 1000 });
    };
    child.on("error", (cause) => finish(127, `Cannot run ${command}: ${cause.message}`));
    child.on(
      "close",
      (code, signal) =>
        finish(code ?? 128, signal === null ? "" : `${name} was ended by ${signal}`),
    );
  });
}
