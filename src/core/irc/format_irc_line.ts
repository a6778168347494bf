import type { IrcMessage } from "../batch/message.ts";

/**
 * Writes a message as a line of IRC, without CR LF: tags in the order in which they are stored, escaped; the
 * prefix; the command; its parameters, the last one behind a colon where it is not the first, as Twitch
 * writes texts. Parsing the line gives the message back.
 *
 * Never throws, and never writes more than one line: what no line can hold (a line feed outside of tags, a
 * space in a name) becomes a space or joins what follows; a tag whose name is no name is left out. Only
 * files that no recorder wrote have such messages.
 *
 * @param more further tags, which go in front of those of the message.
 * @see {@link https://ircv3.net/specs/extensions/message-tags | IRCv3 message tags}
 */
export function formatIrcLine(
  { command, host, params, sender, tags, user }: IrcMessage,
  more: readonly (readonly [key: string, value: string])[] = [],
): string {
  const pairs = [...more, ...Object.entries(tags ?? {})]
    .filter(([key]) => TAG_KEY.test(key))
    .map(([key, value]) => `${key}=${escapeTagValue(value)}`);
  let line = pairs.length === 0 ? "" : `@${pairs.join(";")} `;
  if (sender !== null) {
    const atUser = user === null ? "" : `!${toWord(user)}`;
    const atHost = host === null ? "" : `@${toWord(host)}`;
    line += `:${toWord(sender)}${atUser}${atHost} `;
  }
  return `${line}${toWord(command)}${formatParams(params)}`;
}

const TAG_KEY = /^[^\s;=\0]+$/;

function formatParams(params: readonly string[]): string {
  let line = "";
  for (const [i, param] of params.entries()) {
    const isLast = i === params.length - 1;
    if (isMiddle(param) && !(isLast && i > 0)) line += ` ${param}`;
    else return `${line} :${toOneLine(params.slice(i).join(" "))}`;
  }
  return line;
}

/** Whether a parameter can stand in front of others: a word that does not begin with a colon. */
function isMiddle(param: string): boolean {
  return /^[^:\s\0][^\s\0]*$/.test(param);
}

/**
 * Escapes the value of a tag, so that it can stand in a line.
 *
 * @see {@link https://ircv3.net/specs/extensions/message-tags#escaping-values | IRCv3 escaping values}
 */
function escapeTagValue(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return value;
  return value.replace(/[;\s\\\0]/g, (letter) => ESCAPED.get(letter) ?? letter);
}

const NEEDS_ESCAPE = /[; \r\n\\\0]/;

const ESCAPED: ReadonlyMap<string, string> = new Map([
  [";", "\\:"],
  [" ", "\\s"],
  ["\r", "\\r"],
  ["\n", "\\n"],
  ["\\", "\\\\"],
  ["\0", ""],
]);

/** A text without line ends: they would begin another line. */
export function toOneLine(text: string): string {
  return /[\r\n\0]/.test(text) ? text.replace(/[\r\n\0]+/g, " ") : text;
}

function toWord(text: string): string {
  return toOneLine(text).replaceAll(" ", "_");
}
