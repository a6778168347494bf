import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A process of our own that runs a module, on the runtime of the test. */
export interface Child {
  readonly process: ChildProcess;
  /** The next line that it prints; rejects if it ends before. */
  nextLine(): Promise<string>;
  /** Kills it with SIGKILL and waits until it is gone. If it is gone, that is that. */
  kill(): Promise<void>;
}

/** Whether this module is what the process was told to run. */
export function isProgram(moduleUrl: string): boolean {
  return process.argv[1] === fileURLToPath(moduleUrl);
}

/** Starts a module of the tests as a program with `args`. */
export function startChild(moduleUrl: string, args: readonly string[]): Child {
  const runtime = "Deno" in globalThis ? ["run", "--allow-all", "--no-check"] : [];
  const child = spawn(process.execPath, [...runtime, fileURLToPath(moduleUrl), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let isGone = false;
  const gone = new Promise<void>((resolve) =>
    child.once("exit", () => {
      isGone = true;
      resolve();
    })
  );
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    process: child,
    async nextLine() {
      const { done, value } = await lines.next();
      if (done) throw new Error("Cannot hear from the child: it has ended");
      return value;
    },
    async kill() {
      // Deno's own `kill` does nothing after a first signal, as SIGSTOP.
      if (!isGone) process.kill(child.pid!, "SIGKILL");
      await gone;
    },
  };
}
