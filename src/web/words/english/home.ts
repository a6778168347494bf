import { english, nouns } from "./nouns.ts";

const { count, counted } = english;

/** The channels of a node. */
export const home = {
  channels: "Channels",
  find: "Find a channel",
  looking: "Looking for channels…",
  none: "This node has no channel yet. Record one, and it is listed here",
  found: (found: number, all: number) =>
    found === all
      ? counted(all, nouns.channel)
      : `${count(found)} of ${counted(all, nouns.channel)}`,
  more: "Show more channels",
  isRecorded: "recorded now",
  noMessage: "No message yet",
  notRecorded: "Not recorded in the last 24 hours",
  /** Of hours, or of minutes where they are less than one. */
  recorded: (seconds: number) =>
    `Recorded for ${
      seconds < 3_600
        ? counted(Math.max(1, Math.round(seconds / 60)), nouns.minute)
        : counted(Math.min(24, Math.floor(seconds / 3_600)), nouns.hour)
    } in the last 24 hours, without a gap`,
  withGaps: (gaps: number, minutes: number) =>
    `Recorded with ${counted(gaps, nouns.gap)} in the last 24 hours: ${
      counted(minutes, nouns.minute)
    } without a recorder`,
  inLastDays: (messages: number, days: number) =>
    `${counted(messages, nouns.message)} in the last ${counted(days, nouns.day)}`,
};
