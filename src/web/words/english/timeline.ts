import { english, nouns } from "./nouns.ts";

const { count, counted } = english;

/** Messages and receivers over time. */
export const timeline = {
  heading: (channel: string) => `Timeline of ${channel}`,
  shown: "What is shown",
  earlier: "Earlier",
  later: "Later",
  more: "Show more",
  less: "Show less",
  all: "All",
  fromTo: (from: string, to: string) => `${from} to ${to}`,
  messages: "messages",
  byOneOnly: "seen by one receiver only",
  receivers: "receivers",
  minutesUnrecorded: "minutes without a recorder",
  minutesUnknown: "silent minutes, perhaps not recorded",
  chart:
    "Messages a minute over time. Arrow keys move, plus and minus zoom, Home and End go to the first and last chat, Enter opens the chat.",
  howTo: "Drag to zoom in, click to read the chat of that moment.",
  barSilent: (when: string, what: string) => `${when}: ${what}`,
  bar: (when: string, total: number, one: number) =>
    `${when}: ${count(total)} messages a minute, ${count(one)} of them seen by one receiver only`,
  silences: {
    unrecorded: "no recorder listened",
    unknown: "no messages, not known whether a recorder listened",
  },
  legend: { four: "seen by 4 or more", three: "by 3", two: "by 2", one: "by 1 only" },
  unrecordedTitle: "When no recorder listened",
  unknownTitle: "No messages, not known whether recorded",
  gap: (from: string, minutes: number) => `${from}, ${counted(minutes, nouns.minute)}`,
  noChatNear: "no chat within 10 minutes",
  heard: (receivers: string) => `${receivers} heard chat`,
  before: (names: string) => `Before: ${names}. `,
  after: (names: string) => `After: ${names}.`,
  missed: (messages: number) => ` Likely missed: about ${counted(messages, nouns.message)}.`,
  rows: "Receivers",
  row: (messages: number, percent: string) => ` ${counted(messages, nouns.message)}, ${percent}`,
};

/** A year by days. */
export const calendar = {
  heading: (channel: string) => `Calendar of ${channel}`,
  years: "Years",
  months: "Months",
  hoursWithChat: (hours: number) => `${counted(hours, nouns.hour)} with chat`,
  messages: "messages",
  messagesCounted: "messages, as far as an index counts them",
  daysWithChat: "days with chat",
  unrecorded: "without a recorder",
  missedThen: "messages likely missed then",
  about: (messages: number) => `about ${count(messages)}`,
  colours: "What colours tell",
  byMessages: "Messages",
  byGaps: "Time without a recorder",
  byPeer: "Differences",
  gaps: "When no recorder listened, longest first",
  shorter: (gaps: number) => `and ${count(gaps)} shorter ones`,
  gap: (from: string, length: string, missed: number) =>
    `${from}: ${length}${missed === 0 ? "" : `, about ${counted(missed, nouns.message)}`}`,
  fromTo: (from: string, to: string) => `${from} to ${to}`,
  table: "As a table",
  columns: {
    month: "Month",
    messages: "Messages",
    days: "Days with chat",
    unrecorded: "Without a recorder",
  },
  daysDiffering: "Days that differ",
  grid: "Days of the year. Arrow keys move by days and weeks, Enter opens a day.",
  nothing: (day: string) => `${day}: nothing recorded`,
  /** `messages` is `undefined` where no index counts them; `missing` is a length of time, or empty. */
  day: (day: string, messages: number | undefined, missing: string) =>
    `${day}: ${messages === undefined ? "messages not counted" : counted(messages, nouns.message)}${
      missing === "" ? "" : `, ${missing} without a recorder`
    }`,
};
