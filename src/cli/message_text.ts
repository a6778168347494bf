import type { Message } from "../core/message.ts";

/**
 * A message as one line for people, without line end: `[2026-08-01T12:34:56.789Z] <Ada> hello`. Where
 * only a range is known its start stands there, with a `~`. Control characters are taken out.
 */
export function formatForPeople(message: Message): string {
  const time = new Date(message.time * 1000).toISOString();
  const when = `[${message.time_range === 0 ? "" : "~"}${time}]`;
  const who = message.tags?.["display-name"] || message.sender || "?";
  const [, ...rest] = message.params;
  const text = rest.join(" ");
  switch (message.command) {
    case "PRIVMSG": {
      const action = /^\u0001ACTION (.*?)\u0001?$/s.exec(text);
      return clean(action === null ? `${when} <${who}> ${text}` : `${when} * ${who} ${action[1]}`);
    }
    case "USERNOTICE": {
      const notice = message.tags?.["system-msg"] ?? message.tags?.["msg-id"] ?? "";
      return clean(`${when} * ${notice}${text === "" ? "" : `: <${who}> ${text}`}`);
    }
    default:
      return clean(`${when} ${message.command} ${[who, text].filter(Boolean).join(" ")}`);
  }
}

/** Chat is written by strangers: it may not steer the terminal, nor turn the line around. */
function clean(text: string): string {
  // deno-lint-ignore no-control-regex -- these are the ones that terminals obey
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    "\ufffd",
  );
}
