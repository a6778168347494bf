/** The runs of this process: alive, whatever clocks and pid tables say. */
export const OPEN_RUNS: Set<string> = new Set();
