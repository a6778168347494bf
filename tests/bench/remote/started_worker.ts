import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What a worker's process is told. */
export interface WorkerChoice {
  /** The broker's address. */
  readonly url: string;
  /** The archive's name at the broker. */
  readonly archive: string;
  /** Where it stores. */
  readonly address: string;
  /** The ranges that it works on. */
  readonly ranges: readonly number[];
  /** Whether it settles what it stores. */
  readonly settles: boolean;
}

/** A process that works. */
export interface StartedWorker {
  readonly pid: number;
  /** Lets it finish, and waits for its end. */
  end(): Promise<void>;
}

/** Starts a worker in a process of its own, which ends with this one. `state` is where it may keep notes. */
export function startWorker(choice: WorkerChoice, state: string): StartedWorker {
  const script = fileURLToPath(new URL("./worker_child.ts", import.meta.url));
  const { PROFILE } = process.env;
  const profile = PROFILE === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${PROFILE}`];
  const args = ["run", "-A", "--no-check", ...profile, script, JSON.stringify(choice)];
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...process.env, XDG_STATE_HOME: state },
  });
  const ended = once(child, "exit");
  return {
    pid: child.pid!,
    async end() {
      child.stdin!.end();
      const [code] = await ended;
      if (code !== 0) throw new Error(`Cannot measure: a worker ended with ${code}`);
    },
  };
}
