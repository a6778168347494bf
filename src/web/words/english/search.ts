import { english, nouns } from "./nouns.ts";

const { count, counted } = english;

/** Search, persons, and files of what is shown. */
export const search = {
  heading: (channel: string) => `Search ${channel}`,
  from: "From",
  to: "To",
  boundIn: (label: string, zone: string) => `${label}, a day in ${zone}`,
  howTo:
    'Type words or a name. Words are found whole, in any order and case; "a phrase" in quotes as it stands. ' +
    "All days are searched, the last one first; narrow the time above, or by a click on a bar.",
  earlier: "Search earlier messages",
  none: (channel: string) =>
    `No message of ${channel} meets this in the time that was searched. ` +
    'Names and words are compared whole, in any case; "a phrase" in quotes as it stands.',
  found: (hits: number) => `${count(hits)} found`,
  foundBackTo: (hits: number, day: string) => `${count(hits)} found, back to ${day}`,
  searched: "Searched",
  stop: "Stop",
  overTime: "Messages found over time",
  bar: (from: string, messages: number) => `${from}: ${counted(messages, nouns.message)}`,
  namesSearched: (login: string, names: string) =>
    `Searched under all names of the user of ${login}: ${names}. `,
  namesKnown: (login: string, names: string) => `The user of ${login} is also known as: ${names}. `,
  onlyName: (login: string) => `Only ${login}`,
  allNames: "Search all names",
  onlyThisTime: (bar: string) => `${bar}. Search only this time`,
};

/** A person in a channel. */
export const person = {
  inChannel: (channel: string) => ` in ${channel}`,
  allTime: "All time",
  lines: "Lines",
  earlier: "Read earlier lines",
  none: (login: string, channel: string) =>
    `Nothing of ${login} was recorded in ${channel} in this time.`,
  linesInAll: (lines: number) => `${counted(lines, nouns.line)} in all of this time`,
  linesSoFar: (lines: number, day: string) =>
    `${counted(lines, nouns.line)} so far, back to ${day}`,
  firstSeen: "First seen",
  seenAsEarlyAs: "Seen as early as",
  lastSeen: "Last seen",
  names: "Names",
  nameFromTo: (from: string, to: string) => `, ${from} to ${to}`,
  actions: "Bans, timeouts and deletions",
  notByWhom: "Twitch does not tell which moderator did it.",
  months: "Months",
  about: (login: string) => `About ${login}`,
  close: "Close the card",
  allLines: "All their lines",
  onTwitch: "On Twitch",
};

/** Files of what is shown. */
export const saving = {
  title: "Save what is shown",
  export: "Export",
  formats: {
    "td-text": "Text",
    csv: "CSV table",
    json: "JSON",
    ndjson: "NDJSON, all that is known",
    "td-json": "TwitchDownloader JSON",
    raw: "Raw lines of IRC",
    html: "Page to read",
  },
  saved: (messages: number, name: string) =>
    `${counted(messages, nouns.message)} went to your downloads as ${name}`,
  written: (messages: number) => `${counted(messages, nouns.message)} written…`,
  what: "Saves all that is shown here, with its filter.",
};
