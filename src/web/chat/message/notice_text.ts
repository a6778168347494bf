import type { Message } from "../../../core/batch/message.ts";
import { escapeControls } from "../../../core/json/escape_controls.ts";
import { formatLength } from "../../ui/format.ts";
import { plainText } from "./message_text.ts";

type Tell = (message: Message) => string;

const tag = ({ tags }: Message, key: string): string => tags?.[key] ?? "";
const nameOf = (message: Message): string =>
  tag(message, "display-name") || tag(message, "login") || message.sender || "someone";

const TELL: Readonly<Record<string, Tell>> = {
  JOIN: (message) => `${nameOf(message)} joined`,
  PART: (message) => `${nameOf(message)} left`,
  USERNOTICE: tellNotice,
  CLEARMSG: (message) =>
    `A message of ${tag(message, "login") || "someone"} was deleted: ${
      plainText(message.params[1] ?? "")
    }`,
  CLEARCHAT: tellClear,
  NOTICE: ({ params }) => params.slice(1).join(" "),
  ROOMSTATE: tellRoom,
  USERSTATE: (message) => `${nameOf(message)}: own badges and rights in this chat`,
  HOSTTARGET: ({ params }) => {
    const [target = "-"] = (params[1] ?? "").split(" ");
    return target === "-" ? "Stopped hosting" : `Now hosting ${target}`;
  },
};

/** A sentence for each event that is not a plain message, with control characters spelled out. */
export function noticeText(message: Message): string {
  const tell = Object.hasOwn(TELL, message.command) ? TELL[message.command] : undefined;
  return escapeControls(
    tell === undefined ? `${message.command} ${message.params.slice(1).join(" ")}` : tell(message),
  );
}

function tellNotice(message: Message): string {
  if (tag(message, "msg-id") === "announcement") return `Announcement by ${nameOf(message)}`;
  const told = tag(message, "system-msg");
  return told === "" ? `${tag(message, "msg-id")} by ${nameOf(message)}` : told;
}

function tellClear(message: Message): string {
  const user = message.params[1];
  if (user === undefined) return "Chat was cleared";
  const seconds = tag(message, "ban-duration");
  if (seconds === "") return `${user} was banned`;
  const length = /^\d{1,9}$/.test(seconds) ? formatLength(Number(seconds)) : `${seconds} s`;
  return `${user} was timed out for ${length}`;
}

const MODES: readonly (readonly [key: string, tell: (value: number) => string])[] = [
  ["emote-only", (value) => value === 0 ? "any text" : "emotes only"],
  ["followers-only", (value) => {
    if (value < 0) return "not only followers";
    return value === 0 ? "followers only" : `followers of ${formatLength(value * 60)} only`;
  }],
  ["r9k", (value) => value === 0 ? "repeats allowed" : "no repeats"],
  ["slow", (value) => value === 0 ? "no slow mode" : `one message in ${formatLength(value)}`],
  ["subs-only", (value) => value === 0 ? "not only subscribers" : "subscribers only"],
];

function tellRoom(message: Message): string {
  const modes = MODES.flatMap(([key, tell]) => {
    const value = tag(message, key);
    return value === "" ? [] : [tell(Number(value))];
  });
  return `Room: ${modes.join(", ")}`;
}
