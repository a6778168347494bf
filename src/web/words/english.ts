import { app } from "./english/app.ts";
import { archives, merging } from "./english/archives.ts";
import { chat, detail, filter, moment } from "./english/chat.ts";
import { home } from "./english/home.ts";
import { compare } from "./english/compare.ts";
import { message, notice } from "./english/message.ts";
import { nouns } from "./english/nouns.ts";
import { person, saving, search } from "./english/search.ts";
import { calendar, timeline } from "./english/timeline.ts";
import { video } from "./english/video.ts";

/** All texts of the page in English. It gives the type that every other language has. */
export const ENGLISH = {
  /** The BCP 47 tag, by which numbers are written. */
  tag: "en",
  /** The language's name for itself. */
  name: "English",
  /** The tag by which days are written: with the year first, as orders of day and month differ in English. */
  dayTag: "en-CA",
  /** The same for uPlot's axes. */
  axisDay: "{YYYY}-{MM}-{DD}",
  nouns,
  app,
  home,
  search,
  person,
  saving,
  chat,
  filter,
  detail,
  moment,
  message,
  notice,
  archives,
  merging,
  timeline,
  calendar,
  compare,
  video,
};

/** All texts of the page in some language. */
export type Words = typeof ENGLISH;
