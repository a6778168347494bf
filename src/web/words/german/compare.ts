import type { compare as English } from "../english/compare.ts";
import { german, nouns } from "./nouns.ts";

const { count, counted } = german;

/** Comparing a channel with another node's. */
export const compare: typeof English = {
  heading: "Mit einem anderen Knoten vergleichen",
  peer: "Knoten",
  none: "Knoten wählen",
  comparing: (hours) => `Wird verglichen… bisher ${counted(hours, nouns.hour)}`,
  found: (differing, equal) =>
    differing === 0
      ? `Beide haben dasselbe: ${counted(equal, nouns.hour)} verglichen`
      : `${counted(differing, nouns.hour)} mit Unterschieden, ${count(equal)} ohne`,
  messages: (here, there) => `${counted(here, nouns.message)} nur hier, ${count(there)} nur dort`,
  minutesThere: (minutes) => `${counted(minutes, nouns.minute)} fehlen dort`,
  minutesHere: (minutes) => `${counted(minutes, nouns.minute)} fehlen hier`,
  uncounted: (files) => `${counted(files, nouns.file)} nicht lesbar`,
  moreDays: "Mehr Tage zeigen",
};
