import { type Counting, countingIn } from "../counting/counting.ts";

/** How English counts. */
export const english: Counting = countingIn("en");

/** What the page counts. */
export const nouns = {
  channel: { one: "channel", other: "channels" },
  day: { one: "day", other: "days" },
  file: { one: "file", other: "files" },
  gap: { one: "gap", other: "gaps" },
  hour: { one: "hour", other: "hours" },
  line: { one: "line", other: "lines" },
  message: { one: "message", other: "messages" },
  minute: { one: "minute", other: "minutes" },
  receiver: { one: "receiver", other: "receivers" },
  request: { one: "request", other: "requests" },
  second: { one: "second", other: "seconds" },
  week: { one: "week", other: "weeks" },
};
