/** Seeds that once failed. They run for ever. */
export const FAILED_SEEDS: readonly string[] = [
  // A closed batch that waited for a slow disk was still cut by later timestamps, so that a replay of
  // the journal made another one.
  "cluster 217",
];
