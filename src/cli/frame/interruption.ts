import process from "node:process";
import { EXIT, QuietExit } from "./exit.ts";

/** Ends of the process that someone asks for. */
const EXIT_CODE_OF = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

type AskedToStop = keyof typeof EXIT_CODE_OF;

/** A signal that aborts when the process is asked to stop, and a way to stop listening. */
export interface Interruption {
  /** Aborts with a {@link QuietExit} on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Gives the process its own ways back. */
  dispose(): void;
}

/** Listens for SIGINT and SIGTERM. The first lets work finish; the second ends the process at once. */
export function interruption(): Interruption {
  const controller = new AbortController();
  function stop(name: AskedToStop): void {
    const exitCode = EXIT_CODE_OF[name];
    // Ctrl-C twice is a person who does not want to wait: the journal has everything.
    if (controller.signal.aborted) process.exit(exitCode);
    controller.abort(new QuietExit(exitCode, `Stopped by ${name}`));
  }
  const names = Object.keys(EXIT_CODE_OF) as AskedToStop[];
  for (const name of names) process.on(name, stop);
  return {
    signal: controller.signal,
    dispose(): void {
      for (const name of names) process.off(name, stop);
    },
  };
}
