import { english, nouns } from "./nouns.ts";

const { count, counted } = english;

/** The chat of a day, its filter, and the details of a message. */
export const chat = {
  heading: (channel: string) => `Chat of ${channel}`,
  nothing: "Nothing was recorded on this day.",
  noneMeets: "No message of this day meets the filter.",
  searchAll: "Search all days",
  shownOf: (shown: number, all: number) => `${count(shown)} of ${counted(all, nouns.message)}`,
  readingAt: (clock: string) => `reading ${clock}…`,
  more: "more is read as you scroll",
  jump: (zone: string) => `Jump to a time, as 18:02:09, in ${zone}`,
  noTime: "Not a time. Write it as 18:02:09",
  live: "Live",
  unseen: (messages: number) =>
    `${counted(messages, { one: "new message", other: "new messages" })} \u2193`,
  loading: "Loading",
};

/** Filters of messages. */
export const filter = {
  label: "Filter messages",
  text: "Search text",
  regex: "Regular expression",
  user: "User",
  kind: "Kind",
  clear: "Clear",
  leaveThread: "Leave the thread",
  removedByWhom: "Twitch does not tell which moderator removed a message.",
  kinds: {
    all: "Everything",
    messages: "Messages",
    notices: "Subs, raids, announcements",
    removed: "Removed messages",
    removedSingly: "Removed one by one",
    removedByTimeouts: "Removed by timeouts",
    removedByBans: "Removed by bans",
    moderation: "All moderation",
    bans: "Bans and timeouts",
    deletions: "Deletions",
    server: "Notices",
    room: "Room settings",
    joins: "Joins",
    parts: "Parts",
  },
};

/** The details of a message. */
export const detail = {
  label: "Details of the message",
  close: "Close details",
  copyLink: "Copy link",
  copyText: "Copy text",
  copyLine: "Copy line",
  copied: "Copied",
  notAllowed: "Not allowed here",
  byUser: "By this user",
  person: "Person",
  exact: (day: string, clock: string) => `${day} ${clock}, to the millisecond`,
  between: (day: string, from: string, to: string) => `${day}, between ${from} and ${to}`,
  seenBy: "Seen by",
  receiver: "Receiver",
  received: "Received",
  laterBy: "Later by",
  seconds: (value: number) => `${english.decimal(value, 2)} s`,
  secondsFromTo: (from: number, to: number) =>
    `${english.decimal(from, 1)} to ${english.decimal(to, 1)} s`,
  fields: "Fields",
  empty: "empty",
};

/** A picture and a text of some lines of chat. */
export const moment = {
  open: "Picture",
  heading: "Picture of this moment",
  close: "Close",
  before: "Lines before",
  after: "Lines after",
  most: (lines: number) => `At most ${count(lines)} on each side`,
  preview: "Preview of the picture",
  save: "Save picture",
  span: (from: string, to: string) => `${from} to ${to}`,
  saved: (name: string) => `The picture went to your downloads as ${name}`,
  notAll: (shown: number, all: number) =>
    `The picture can be no taller: it shows ${count(shown)} of ${
      counted(all, nouns.line)
    }. The text has all of them.`,
  isCut: "A long message is cut off in the picture. The text has all of it.",
  failed: "This browser cannot draw the picture",
};
