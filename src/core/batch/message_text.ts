import type { Message } from "./message.ts";
import { escapeControls } from "../json/escape_controls.ts";

/**
 * A message as one readable line, without line end: `[2026-08-01T12:34:56.789Z] <Ada> hello`. Where
 * only a range is known its start stands there, with a `~`. Control characters are escaped.
 */
export function formatText(message: Message): string {
  const time = new Date(message.time * 1000).toISOString();
  const when = `[${message.time_range === 0 ? "" : "~"}${time}]`;
  const who = message.tags?.["display-name"] || message.sender || "?";
  const [, ...rest] = message.params;
  const text = rest.join(" ");
  switch (message.command) {
    case "PRIVMSG": {
      // deno-lint-ignore no-control-regex -- this is how CTCP marks an action
      const action = /^\u0001ACTION (.*?)\u0001?$/s.exec(text);
      return escapeControls(
        action === null ? `${when} <${who}> ${text}` : `${when} * ${who} ${action[1]}`,
      );
    }
    case "USERNOTICE": {
      const notice = message.tags?.["system-msg"] ?? message.tags?.["msg-id"] ?? "";
      return escapeControls(`${when} * ${notice}${text === "" ? "" : `: <${who}> ${text}`}`);
    }
    default:
      return escapeControls(`${when} ${message.command} ${[who, text].filter(Boolean).join(" ")}`);
  }
}
