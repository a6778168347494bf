import type { compare as English } from "../english/compare.ts";
import { german, nouns } from "./nouns.ts";

const { count, counted } = german;

const lacks = (count: number): string => count === 1 ? "fehlt" : "fehlen";

/** Comparing a channel with another node's. */
export const compare: typeof English = {
  heading: "Mit einem anderen Knoten vergleichen",
  peer: "Knoten",
  none: "Knoten wählen",
  unknown: "Es gibt keinen Knoten dieses Namens zum Vergleichen",
  comparing: (hours) => `Wird verglichen… bisher ${counted(hours, nouns.hour)}`,
  found: (differing, equal) =>
    differing === 0
      ? `Beide haben dasselbe: ${counted(equal, nouns.hour)} verglichen`
      : `${counted(differing, nouns.hour)} mit Unterschieden, ${count(equal)} ohne`,
  messages: (here, there) => `${counted(here, nouns.message)} nur hier, ${count(there)} nur dort`,
  sameMessages: "andere Dateien mit denselben Nachrichten",
  minutesThere: (minutes) => `${counted(minutes, nouns.minute)} ${lacks(minutes)} dort`,
  minutesHere: (minutes) => `${counted(minutes, nouns.minute)} ${lacks(minutes)} hier`,
  uncounted: (files) => `${counted(files, nouns.file)} nicht lesbar`,
  moreDays: "Mehr Tage zeigen",
  verdicts: {
    here: "hier mehr",
    there: "dort mehr",
    differs: "verschiedene Dateien",
    same: "gleich",
    empty: "auch dort nichts",
    waiting: "noch nicht verglichen",
  },
  legend: (verdict, days) => `${verdict}: ${counted(days, nouns.day)}`,
};
