import { words } from "../words/words.ts";
import type { DifferenceSums } from "./compared_days.ts";

/** What one side has that the other lacks, in words. */
export function describeDifference(sums: DifferenceSums): string {
  const { minutesOnlyHere, minutesOnlyThere, uncountedFiles } = sums;
  const { messagesOnlyHere: here, messagesOnlyThere: there } = sums;
  const told = words.value.compare;
  return [
    here + there > 0 || uncountedFiles > 0 ? told.messages(here, there) : told.sameMessages,
    ...minutesOnlyHere > 0 ? [told.minutesThere(minutesOnlyHere)] : [],
    ...minutesOnlyThere > 0 ? [told.minutesHere(minutesOnlyThere)] : [],
    ...uncountedFiles > 0 ? [told.uncounted(uncountedFiles)] : [],
  ].join(" · ");
}
