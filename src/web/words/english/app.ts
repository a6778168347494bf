import { english, nouns } from "./nouns.ts";

const { counted } = english;

/** The frame of the page: its top, and what stands where a view has nothing to show. */
export const app = {
  brokeDown: (reason: string) =>
    `The page's worker broke down: ${reason}. Reload to start again; your files are unchanged.`,
  skip: "Skip to content",
  views: "Views",
  home: "Channels",
  calendar: "Calendar",
  timeline: "Timeline",
  chat: "Chat",
  search: "Search",
  merge: "Merge",
  archives: "Archives",
  title: (channel: string, view: string, day: string) =>
    `${channel}${day === "" ? "" : ` ${day}`}${view === "" ? "" : `, ${view}`} – chatloom`,
  titleOf: {
    calendar: "calendar",
    chat: "",
    timeline: "timeline",
    search: "search",
    person: "person",
  },
  utcToLocal: "Times are UTC; show local time",
  localToUtc: "Times are local; show UTC",
  timesUtc: "Times are UTC",
  timesLocal: "Times are local",
  local: "Local, ",
  themeAuto: "Theme follows the system; use light",
  themeLight: "Theme is light; use dark",
  themeDark: "Theme is dark; follow the system",
  language: (code: string, now: string, next: string) =>
    `${code}: change the language from ${now} to ${next}`,
  looking: "Looking…",
  channel: "Channel",
  channelOf: (count: number) => `Channel, one of ${english.count(count)}`,
  earlierDay: "Earlier day",
  laterDay: "Later day",
  dayIn: (zone: string) => `The day in ${zone}`,
  allDays: "All days",
  noMessageOf: (channel: string) => `No message of ${channel} was stored yet`,
  nothingYet: "Nothing to show yet",
  linkShows: (channel: string, moment: string) =>
    `This link shows ${channel}${moment === "" ? "" : ` at ${moment}`}`,
  addOne: "Add an archive: a folder, a zip or a raw capture. It is read here, in your browser.",
  addForMoment: "Add an archive that has it to see this moment.",
  noOpenArchive: "No open archive has this channel. Add one that has it.",
  addArchive: "Add an archive",
  asksForToken: "This node asks for a token",
  token: "Token ",
  open: "Open",
  tokenRefused: "The node refused this token",
  cancel: "Cancel",
  andMore: (count: number) => `and ${english.count(count)} more`,
  andMoreMessages: (count: number) => `and ${counted(count, moreMessages)}`,
  showInChat: "Show in chat",
  reading: "reading…",
  messagesOf: (count: number) => counted(count, nouns.message),
};

const moreMessages = { one: "more message", other: "more messages" };
