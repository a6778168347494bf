/** Seeds that once failed. They run for ever. */
export const FAILED_SEEDS: readonly string[] = [
  // A batch that waited to be stored was still cut by later timestamps, so a replay made another.
  "canary 5",
];
