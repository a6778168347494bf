import type { Words } from "./english.ts";
import { app } from "./german/app.ts";
import { archives, merging } from "./german/archives.ts";
import { chat, detail, filter, moment } from "./german/chat.ts";
import { home } from "./german/home.ts";
import { compare } from "./german/compare.ts";
import { message, notice } from "./german/message.ts";
import { nouns } from "./german/nouns.ts";
import { person, saving, search } from "./german/search.ts";
import { calendar, timeline } from "./german/timeline.ts";
import { video } from "./german/video.ts";

/** All texts of the page in German. */
export const GERMAN: Words = {
  tag: "de",
  name: "Deutsch",
  dayTag: "de",
  axisDay: "{DD}.{MM}.{YYYY}",
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
