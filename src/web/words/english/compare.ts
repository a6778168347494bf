import { english, nouns } from "./nouns.ts";

const { count, counted } = english;

/** Comparing a channel with another node's. */
export const compare = {
  heading: "Compare with another node",
  peer: "Node",
  none: "Choose a node",
  unknown: "There is no node of this name to compare with",
  comparing: (hours: number) => `Comparing… ${counted(hours, nouns.hour)} so far`,
  found: (differing: number, equal: number) =>
    differing === 0
      ? `Both have the same: ${counted(equal, nouns.hour)} compared`
      : `${counted(differing, nouns.hour)} with differences, ${count(equal)} without`,
  messages: (here: number, there: number) =>
    `${counted(here, nouns.message)} only here, ${count(there)} only there`,
  sameMessages: "other files with the same messages",
  minutesThere: (minutes: number) => `${counted(minutes, nouns.minute)} the other lacks`,
  minutesHere: (minutes: number) => `${counted(minutes, nouns.minute)} lacking here`,
  uncounted: (files: number) => `${counted(files, nouns.file)} not readable`,
  moreDays: "Show more days",
  /** What a day of the calendar is, in its legend and where it is read aloud. */
  verdicts: {
    here: "more here",
    there: "more there",
    differs: "different files",
    same: "the same",
    empty: "nothing there either",
    waiting: "not compared yet",
  },
  legend: (verdict: string, days: number) => `${verdict}: ${counted(days, nouns.day)}`,
};
