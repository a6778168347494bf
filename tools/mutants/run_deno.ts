import { spawn } from "node:child_process";
import process from "node:process";

/** How a run of Deno ended. */
export interface Outcome {
  /** Not 0 also when it was killed. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly seconds: number;
}

/** Runs Deno in `root`, with all that it starts, for at most so long. Never rejects. */
export function runDeno(
  root: string,
  args: readonly string[],
  timeoutSeconds: number,
): Promise<Outcome> {
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    // Laws draw their cases from a fixed seed here, so that a mutant's fate can be looked at again.
    env: { ...process.env, NO_COLOR: "1", LAWS_SEED: "1", CI: "" },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true, // A process group of its own, which ends as a whole.
  });
  const timer = setTimeout(() => killGroup(child.pid), timeoutSeconds * 1000);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => stdout += text);
  return new Promise((resolve) => {
    const finish = (exitCode: number): void => {
      clearTimeout(timer);
      killGroup(child.pid);
      resolve({ exitCode, stdout, seconds: (performance.now() - startedAtMs) / 1000 });
    };
    child.on("error", () => finish(127));
    child.on("exit", (code) => finish(code ?? 128));
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
