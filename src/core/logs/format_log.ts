import { type Message, SENT_TAG } from "../batch/message.ts";
import { formatIrcLine, toOneLine } from "../irc/format_irc_line.ts";
import { MILLISECOND_US, readStart } from "../time.ts";
import { type LogFields, logFieldsOf } from "./log_fields.ts";

/** Whose forms are written: those of rustlog, or of justlog, which came first. */
export type LogDialect = "rustlog" | "justlog";

/** How much of a message an object in JSON has. */
export type LogDetail = "full" | "basic";

/**
 * A message as one readable line, without line end, in UTC: `[2026-08-01 12:34:56] #forsen ada: hello`. The
 * login stands there, never the display name; of a ban, the banned user's.
 */
export function formatLogText(message: Message, dialect: LogDialect): string {
  const fields = logFieldsOf(message);
  const [day, time] = new Date(sentMs(message)).toISOString().split(/[T.]/) as [string, string];
  if (dialect === "rustlog") {
    const said = textOf(fields);
    const isCleared = fields.type === CLEARCHAT && fields.login === "";
    const text = isCleared ? said : `${fields.login}: ${said}`;
    return toOneLine(`[${day} ${time}] #${fields.channel} ${text}`);
  }
  // justlog has days without a leading zero, and since 2024 a name in front of plain messages only.
  const when = `${day.slice(0, 8)}${Number(day.slice(8))} ${time}`;
  const name = fields.type === PRIVMSG ? `${fields.login}: ` : "";
  return toOneLine(`[${when}] #${fields.channel} ${name}${fields.userText}`);
}

/**
 * A message as a line of IRC, without line end. In rustlog's form one without a time of Twitch's gets the start
 * of its range, by which clients sort.
 */
export function formatLogRaw(message: Message, dialect: LogDialect): string {
  if (dialect === "justlog" || message.tags?.[SENT_TAG] !== undefined) {
    return formatIrcLine(message);
  }
  return formatIrcLine(message, [[SENT_TAG, `${sentMs(message)}`]]);
}

/** A message as an object in JSON, its fields in the order that the API has. */
export function formatLogJson(
  message: Message,
  { dialect, detail }: { readonly dialect: LogDialect; readonly detail: LogDetail },
): string {
  const fields = logFieldsOf(message);
  const isRustlog = dialect === "rustlog";
  return JSON.stringify({
    text: isRustlog ? textOf(fields) : fields.userText,
    ...(isRustlog ? {} : { systemText: fields.systemText }),
    displayName: fields.displayName,
    timestamp: isRustlog ? formatMs(sentMs(message)) : formatMs(wholeSeconds(sentMs(message))),
    id: message.tags?.["id"] ?? "",
    tags: message.tags ?? {},
    ...(detail === "basic" ? {} : {
      username: fields.login,
      channel: fields.channel,
      raw: formatLogRaw(message, dialect),
      type: fields.type,
    }),
  });
}

const PRIVMSG = 1;
const CLEARCHAT = 2;

/** Twitch's sentence and the user's text, with a space between if there are both. */
function textOf({ systemText, userText }: LogFields): string {
  return systemText !== "" && userText !== "" ? `${systemText} ${userText}` : systemText + userText;
}

/** When a message was sent at the earliest, in whole milliseconds. */
function sentMs(message: Message): number {
  return Math.floor(readStart(message.time) / MILLISECOND_US);
}

function wholeSeconds(ms: number): number {
  return ms - ms % 1000;
}

/** A time as RFC 3339 has it, with milliseconds unless they are 0. */
function formatMs(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
