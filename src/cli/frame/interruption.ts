import process from "node:process";
import { EXIT, QuietExit } from "./exit.ts";

/** The signals that ask the process to end, and its exit code when it ends before it is done. */
const EXIT_CODE_OF = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hungUp,
} as const;

type AskedToStop = keyof typeof EXIT_CODE_OF;

/**
 * Signals within this time of the first are the same request. One Ctrl-C reaches the process several
 * times: the terminal sends it to the whole process group, and a task runner, `npx` or a supervisor
 * forwards its own copy (observed with `deno task`: within a millisecond). Closing a terminal sends
 * SIGHUP from the kernel and from the shell.
 */
export const SAME_REQUEST_MS = 2_000;

/** A signal that aborts when the process is asked to stop, and a way to stop listening. */
export interface Interruption {
  /** Aborts with a {@link QuietExit} on SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** Does what the signal `name` does, as when its key is read from a terminal. */
  request(name: "SIGINT" | "SIGTERM" | "SIGHUP"): void;
  /** From now on SIGHUP calls `reload` and asks nothing else. */
  onHangUp(reload: () => void): void;
  /** Restores what the process does on these signals by default. */
  dispose(): void;
}

/** How {@link interruption} ends a process at the second request. */
export interface InterruptionOptions {
  /** Runs before a later request ends the process at once. Must not wait. */
  readonly onImpatience?: () => void;
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. The first lets work finish. Those within
 * {@link SAME_REQUEST_MS} are the same request; a later one ends the process at once. SIGHUP never
 * does: it says that the terminal is gone, not that its user wants to end at once.
 */
export function interruption({ onImpatience }: InterruptionOptions = {}): Interruption {
  const controller = new AbortController();
  let firstMs = 0;
  function stop(name: AskedToStop): void {
    const exitCode = EXIT_CODE_OF[name];
    if (!controller.signal.aborted) {
      firstMs = performance.now();
      controller.abort(new QuietExit(exitCode, `Stopped by ${name}`));
    } else if (name !== "SIGHUP" && performance.now() - firstMs >= SAME_REQUEST_MS) {
      onImpatience?.();
      process.exit(exitCode);
    }
  }
  const names = Object.keys(EXIT_CODE_OF) as AskedToStop[];
  for (const name of names) process.on(name, stop);
  let hangUp: () => void = () => {};
  return {
    signal: controller.signal,
    request: stop,
    onHangUp(reload): void {
      process.off("SIGHUP", stop);
      process.off("SIGHUP", hangUp);
      hangUp = reload;
      process.on("SIGHUP", hangUp);
    },
    dispose(): void {
      for (const name of names) process.off(name, stop);
      process.off("SIGHUP", hangUp);
    },
  };
}
