import { spawn } from "node:child_process";
import process from "node:process";

/** How a run of a test file ended. */
export interface TestRun {
  readonly outcome: "passed" | "failed" | "timed out";
  readonly seconds: number;
}

/** How {@link runTest} runs a test file. */
export interface TestOptions {
  readonly timeoutSeconds: number;
  /** Added to the environment. */
  readonly environment?: Record<string, string>;
}

/** Process groups that run now. */
const running = new Set<number>();

/** Runs one test file of the project at `root` up to its first failure. Never rejects. */
export function runTest(
  root: string,
  file: string,
  { timeoutSeconds, environment = {} }: TestOptions,
): Promise<TestRun> {
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, ["test", "-A", "--no-check", "--fail-fast", file], {
    cwd: root,
    env: {
      ...process.env,
      NO_COLOR: "1",
      CI: "",
      // Laws draw their cases from a fixed seed here, so that a mutant's fate can be looked at again.
      LAWS_SEED: "1",
      // A mutant that allocates without end fails before the machine is short of memory.
      DENO_V8_FLAGS: "--max-old-space-size=2048",
      ...environment,
    },
    stdio: "ignore",
    detached: true, // A process group of its own, which ends as a whole.
  });
  if (child.pid !== undefined) running.add(child.pid);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child.pid);
  }, timeoutSeconds * 1000);
  return new Promise((resolve) => {
    const finish = (exitCode: number | null): void => {
      clearTimeout(timer);
      killGroup(child.pid);
      const outcome = isLate ? "timed out" : exitCode === 0 ? "passed" : "failed";
      resolve({ outcome, seconds: (performance.now() - startedAtMs) / 1000 });
    };
    child.on("error", () => finish(null));
    child.on("exit", finish);
  });
}

/** Ends all runs at once. */
export function killTests(): void {
  for (const pid of running) killGroup(pid);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  running.delete(pid);
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
