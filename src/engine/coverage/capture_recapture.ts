/** How many messages of a minute all listeners are likely to have missed. */
export interface MissedEstimate {
  /** Messages that at least one receiver has. */
  readonly seen: number;
  /** Likely number of messages that no receiver has, not rounded. */
  readonly missed: number;
  /** Standard error of {@link MissedEstimate.missed}. */
  readonly error: number;
}

/**
 * Estimates how much two groups of listeners missed together from what each has and the other lacks, by
 * Chapman's estimator: N = (a + 1)(b + 1) / (both + 1) − 1, where `a` and `b` have the messages of one
 * group and of the other, with its variance.
 *
 * It assumes that all were listening all the time, that a message is heard by one group regardless of
 * whether the other hears it, that all messages are as likely to be heard, and that equal messages are
 * told apart. Losses of all at once, such as a failure of Twitch's own, break the second: then
 * the estimate is too low. So it is a lower bound for what is missing, not a promise that nothing is.
 *
 * @see {@link https://en.wikipedia.org/wiki/Mark_and_recapture#Chapman_estimator | Chapman estimator}
 */
export function estimateMissed(
  { onlyA, onlyB, both }: {
    readonly onlyA: number;
    readonly onlyB: number;
    readonly both: number;
  },
): MissedEstimate {
  const [a, b] = [onlyA + both, onlyB + both];
  const seen = onlyA + onlyB + both;
  const total = (a + 1) * (b + 1) / (both + 1) - 1;
  const variance = (a + 1) * (b + 1) * (a - both) * (b - both) / ((both + 1) ** 2 * (both + 2));
  return { seen, missed: Math.max(0, total - seen), error: Math.sqrt(variance) };
}
