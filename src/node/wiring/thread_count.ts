import { availableParallelism } from "node:os";
import process from "node:process";

/** The variable of the environment that says how many threads a command may use. */
const THREADS = "CHATLOOM_THREADS";

/** How a command spreads its work. */
export interface ThreadCount {
  /** How many threads work; 0 for the command's own alone. */
  readonly size: number;
  /** How many pieces of work the command does itself before it starts threads; `undefined` for the usual. */
  readonly inlineCount: number | undefined;
}

/**
 * One thread for each processor, `most` at the most. Where `CHATLOOM_THREADS` is a number, it is that many, from
 * the first piece of work on.
 */
export function threadCount(most: number): ThreadCount {
  const asked = process.env[THREADS] ?? "";
  if (/^\d{1,3}$/.test(asked)) return { size: Number(asked), inlineCount: 0 };
  return { size: Math.min(most, availableParallelism()), inlineCount: undefined };
}
