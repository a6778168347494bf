import { formatLogText } from "../../core/logs/format_log.ts";
import { LOGGED_COMMANDS } from "../../core/logs/log_fields.ts";
import { formatIrcLine } from "../../core/irc/format_irc_line.ts";
import {
  type ChatExport,
  type ExportedEvent,
  type ExportFacts,
  formatClock,
  offsetMs,
} from "./chat_export.ts";
import { SECOND_US } from "../../core/time.ts";
import { eventExport } from "./event_export.ts";
import { toShown } from "./shown_message.ts";

/** Lines of batches: all that the archive has, receivers included. Importing them gives it back. */
export function ndjsonExport(): ChatExport {
  return eventExport(({ line }) => `${line}\n`);
}

/** The same as one list of JSON, for what reads no lines. */
export function jsonExport(): ChatExport {
  let isFirst = true;
  return {
    begin: () => "[",
    event({ line }) {
      const comma = isFirst ? "\n" : ",\n";
      isFirst = false;
      return comma + line;
    },
    end: () => "\n]\n",
  };
}

/** Raw lines of IRC, as justlog keeps them, of all messages. */
export function rawExport(): ChatExport {
  return eventExport(({ message }) => `${formatIrcLine(message)}\n`);
}

/** The text of rustlog's or justlog's API, of the messages that these have. */
export function logTextExport(dialect: "rustlog" | "justlog"): ChatExport {
  const lineEnd = dialect === "rustlog" ? "\r\n" : "\n";
  return eventExport(({ message }) =>
    LOGGED_COMMANDS.has(message.command) ? formatLogText(message, dialect) + lineEnd : ""
  );
}

/** The forms of time in TwitchDownloader's text. */
export const TEXT_TIMES = ["relative", "utc", "utc-full", "none"] as const;

/** TwitchDownloader's text: `[1:02:03] Name: text`. */
export function twitchDownloaderText(times: (typeof TEXT_TIMES)[number]): ChatExport {
  return eventExport((event, facts) => {
    const shown = toShown(event.message);
    if (shown === undefined) return "";
    const body = shown.body.replace(/[\r\n]+/g, " ");
    return `${timeOf(event, facts, times)}${shown.name}: ${body}\n`;
  });
}

function timeOf(
  event: ExportedEvent,
  facts: ExportFacts,
  times: (typeof TEXT_TIMES)[number],
): string {
  if (times === "none") return "";
  if (times === "relative") return `[${formatClock(offsetMs(event, facts), { hourDigits: 1 })}] `;
  const iso = new Date(Math.floor(event.startUs / 1000)).toISOString().replace("T", " ");
  return `[${iso.slice(0, times === "utc" ? 19 : 23)} UTC] `;
}

/** The columns of tables, in order. */
export const COLUMNS = [
  "time",
  "time_range",
  "command",
  "channel",
  "user_id",
  "login",
  "display_name",
  "text",
  "system_text",
  "id",
  "badges",
  "color",
  "bits",
  "tags",
] as const;

/** An event as a row of a table: its fields by column. The time is RFC 3339, the length of its range seconds. */
export type TableRow = { readonly [column in (typeof COLUMNS)[number]]: string };

/** The row of an event. Fields that a message does not have are empty; all tags stand in the last as JSON. */
export function tableRow({ message, startUs, endUs }: ExportedEvent): TableRow {
  const { command, params, sender, tags } = message;
  const tag = (key: string) => tags !== null && Object.hasOwn(tags, key) ? tags[key]! : "";
  const isServer = sender === null || sender.includes(".");
  return {
    time: new Date(Math.floor(startUs / 1000)).toISOString(),
    time_range: String((endUs - startUs) / SECOND_US),
    command,
    channel: (params[0] ?? "").replace(/^#/, ""),
    user_id: tag("user-id"),
    login: tag("login") || (isServer ? "" : sender),
    display_name: tag("display-name"),
    text: params.slice(1).join(" "),
    system_text: tag("system-msg"),
    id: tag("id"),
    badges: tag("badges"),
    color: tag("color"),
    bits: tag("bits"),
    tags: tags === null ? "" : JSON.stringify(tags),
  };
}

/** CSV (RFC 4180) with a header: a row an event. */
export function csvExport(): ChatExport {
  return eventExport((event) => csvRow(Object.values(tableRow(event))), csvRow(COLUMNS));
}

function csvRow(fields: readonly string[]): string {
  const quoted = fields.map((field) =>
    /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
  );
  return `${quoted.join(",")}\r\n`;
}
