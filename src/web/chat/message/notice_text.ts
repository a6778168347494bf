import type { Message } from "../../../core/batch/message.ts";
import { escapeControls } from "../../../core/json/escape_controls.ts";
import { formatLength } from "../../ui/format.ts";
import { plainText } from "./message_text.ts";
import { words } from "../../words/words.ts";

type Tell = (message: Message) => string;

const tag = ({ tags }: Message, key: string): string => tags?.[key] ?? "";
const nameOf = (message: Message): string =>
  tag(message, "display-name") || tag(message, "login") || message.sender ||
  words.value.message.someone;

const TELL: Readonly<Record<string, Tell>> = {
  JOIN: (message) => words.value.notice.joined(nameOf(message)),
  PART: (message) => words.value.notice.left(nameOf(message)),
  USERNOTICE: tellNotice,
  CLEARMSG: (message) =>
    words.value.notice.deletedOf(
      tag(message, "login") || words.value.message.someone,
      plainText(message.params[1] ?? ""),
    ),
  CLEARCHAT: tellClear,
  NOTICE: ({ params }) => params.slice(1).join(" "),
  ROOMSTATE: tellRoom,
  USERSTATE: (message) => words.value.notice.ownState(nameOf(message)),
  HOSTTARGET: ({ params }) => {
    const [target = "-"] = (params[1] ?? "").split(" ");
    return target === "-" ? words.value.notice.hostingEnds : words.value.notice.hosting(target);
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
  if (tag(message, "msg-id") === "announcement") {
    return words.value.notice.announcement(nameOf(message));
  }
  const told = tag(message, "system-msg");
  return told === "" ? words.value.notice.by(tag(message, "msg-id"), nameOf(message)) : told;
}

function tellClear(message: Message): string {
  const user = message.params[1];
  if (user === undefined) return words.value.notice.cleared;
  const seconds = tag(message, "ban-duration");
  if (seconds === "") return words.value.notice.banned(user);
  const length = /^\d{1,9}$/.test(seconds) ? formatLength(Number(seconds)) : `${seconds} s`;
  return words.value.notice.timedOut(user, length);
}

const MODES: readonly (readonly [key: string, tell: (value: number) => string])[] = [
  [
    "emote-only",
    (value) => value === 0 ? words.value.notice.anyText : words.value.notice.emotesOnly,
  ],
  ["followers-only", (value) => {
    if (value < 0) return words.value.notice.notOnlyFollowers;
    return value === 0
      ? words.value.notice.followersOnly
      : words.value.notice.followersOf(formatLength(value * 60));
  }],
  ["r9k", (value) => value === 0 ? words.value.notice.repeats : words.value.notice.noRepeats],
  [
    "slow",
    (value) =>
      value === 0 ? words.value.notice.notSlow : words.value.notice.slow(formatLength(value)),
  ],
  [
    "subs-only",
    (value) =>
      value === 0 ? words.value.notice.notOnlySubscribers : words.value.notice.subscribersOnly,
  ],
];

function tellRoom(message: Message): string {
  const modes = MODES.flatMap(([key, tell]) => {
    const value = tag(message, key);
    return value === "" ? [] : [tell(Number(value))];
  });
  return words.value.notice.room(modes.join(", "));
}
