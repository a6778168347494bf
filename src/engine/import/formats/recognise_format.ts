import { JOURNAL_MAGIC } from "../../journal/entry.ts";
import { isCommandOfTwitch } from "../../../core/irc/known_commands.ts";
import { parseCaptureLine } from "../capture_line.ts";
import { fieldOf, parseObject, toLogin } from "./parts/json_fields.ts";

/** The formats that an import takes. */
export const IMPORT_FORMATS = [
  "capture",
  "chatloom",
  "justlog",
  "twitchdownloader",
  "chat-downloader",
  "chat-downloader-lines",
  "chat-downloader-csv",
  "chatterino",
  "chatty",
  "recent-messages",
] as const;

/** The name of a format. `capture` is raw lines of IRC or a journal; `chatloom` is lines of batches. */
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** What a file's name tells. */
export interface NameFacts {
  /** The channel's login. */
  readonly channel?: string | undefined;
  /** The day of its first line, as `2026-08-01`. */
  readonly date?: string | undefined;
}

/** How much of a file's text is looked at. */
export const HEAD_LENGTH = 65_536;

/** How many lines of it are tried. */
const LINES_MAX = 100;

/**
 * The format of a file that begins with `head`. What nothing else fits is a capture, whose importer says
 * what it misses.
 */
export function recogniseFormat(head: string): ImportFormat {
  const text = head.replace(/^\ufeff/, "");
  if (text.startsWith(JOURNAL_MAGIC)) return "capture";
  const begin = text.trimStart();
  if (begin.startsWith("{")) return objectFormat(begin);
  if (/^\[\s*(?:\{|\]|$)/.test(begin)) return "chat-downloader";
  const lines = text.split("\n", LINES_MAX).map((line) => line.replace(/\r$/, ""));
  if (/^# Log started: /m.test(lines.slice(0, 20).join("\n"))) return "chatty";
  if (/^# Start logging at /m.test(lines.slice(0, 20).join("\n"))) return "chatterino";
  const columns = lines[0]!.split(",");
  if (columns.includes("message_id") && columns.includes("timestamp")) return "chat-downloader-csv";
  if (lines.some(isRawLine)) return "capture";
  if (lines.some((line) => CHATTY_LINE.test(line))) return "chatty";
  if (lines.some((line) => CHATTERINO_LINE.test(line))) return "chatterino";
  return "capture";
}

const CHATTY_LINE = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^\]]*\] (?:<[^>]+>\*? |[A-Z_]+: )/;
const CHATTERINO_LINE = /^\[\d{1,2}:\d\d(?::\d\d)?[^\]]*\] (?:\S+ )?[a-z0-9_]+: /;

function isRawLine(text: string): boolean {
  const { parsed } = parseCaptureLine(text);
  return parsed.ok && isCommandOfTwitch(parsed.message.command);
}

function objectFormat(text: string): ImportFormat {
  const line = text.split("\n", 1)[0]!;
  const object = parseObject(line);
  const has = (field: string) => fieldOf(object, field) !== undefined;
  if (has("command") && has("params") && has("receivers")) return "chatloom";
  if (has("message_id") || has("message_type")) return "chat-downloader-lines";
  const keys = new Set([...text.matchAll(/"(\w+)"\s*:/g)].map((match) => match[1]!));
  if (keys.has("FileInfo") || keys.has("comments") || keys.has("streamer")) {
    return "twitchdownloader";
  }
  if (keys.has("messages")) return "recent-messages";
  return "capture";
}

const CHATTERINO_NAME = /^([a-z0-9_]+)-(?:(\d{4}-\d\d-\d\d)|[^-]+)\.log$/i;
const CHATTY_NAME = /^(?:(\d{4}-\d\d-\d\d)_)?#([a-z0-9_]+)(?:-\d+)?\.log$/i;

/** What the name of a log of Chatterino or Chatty tells; packed or not. */
export function nameFacts(path: string): NameFacts {
  const name = path.split(/[\\/]/).at(-1)!.replace(/\.(?:gz|zst|zip)$/i, "");
  const chatty = CHATTY_NAME.exec(name);
  if (chatty !== null) return { channel: toLogin(chatty[2]), date: chatty[1] };
  const chatterino = CHATTERINO_NAME.exec(name);
  if (chatterino !== null) return { channel: toLogin(chatterino[1]), date: chatterino[2] };
  return {};
}

/** Whether Chatterino keeps copies or private messages there, which are no channel's chat. */
export function isChatterinoCopy(path: string): boolean {
  return /[\\/]Twitch[\\/](?:Whispers|Mentions|Live|AutoMod)[\\/]/i.test(path);
}
