/** How long trouble lasts, and how dense it is. */
export interface Pace {
  readonly seconds: number;
  readonly linesPerSecond: number;
  readonly flushIntervalMs: number;
  readonly exchangeEveryS: readonly [number, number];
  /** How long a machine sleeps, in seconds. */
  readonly sleepS: readonly [number, number];
}

/** A few minutes of dense trouble. */
export const MINUTES: Pace = {
  seconds: 240,
  linesPerSecond: 0.5,
  flushIntervalMs: 1_000,
  exchangeEveryS: [5, 40],
  sleepS: [20, 100],
};

/** Long enough for one node to sleep for an hour while the others go on. */
export const HOURS: Pace = {
  seconds: 4_800,
  linesPerSecond: 0.03,
  flushIntervalMs: 15_000,
  exchangeEveryS: [60, 400],
  sleepS: [3_000, 3_700],
};

/** Long enough for hours to end and to be indexed while the next ones go on. */
export const INDEXED_HOURS: Pace = { ...HOURS, seconds: 6_000, sleepS: [20, 1_500] };

/** What all nodes record. */
export const CHANNEL = "forsen";
