import { COLON } from "../bytes.ts";
import { TagLayoutCache } from "./irc_layout.ts";
import { parseTags } from "./irc_tags.ts";
import type { IrcMessage } from "../batch/message.ts";

/** The result of parsing a line. A bad line is kept, so that the archive loses nothing. */
export type ParsedLine =
  | { readonly ok: true; readonly message: IrcMessage }
  | { readonly ok: false; readonly line: string; readonly reason: UnreadableReason };

/** Why a line could not be parsed: one of few reasons, so that each can have a counter. */
export type UnreadableReason =
  | "empty"
  | "no command"
  | "command is not letters and digits";

// Speed, not state: it changes how fast a line is read, never what is read.
const LAYOUTS = new TagLayoutCache();

const SPACE = 0x20;
const AT = 0x40;

/**
 * Parses one line of IRC, without its CR LF. Never throws.
 *
 * Words are separated by any number of U+0020; the trailing parameter is verbatim.
 *
 * @example
 * ```ts
 * import { parseIrcLine } from "@chatloom/chatloom";
 *
 * const parsed = parseIrcLine("@id=1 :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :hello there");
 * if (parsed.ok) console.log(parsed.message.params[1]); // hello there
 * ```
 * @see {@link https://modern.ircdocs.horse/#message-format | IRC message format}
 * @see {@link https://ircv3.net/specs/extensions/message-tags | IRCv3 message tags}
 */
export function parseIrcLine(line: string): ParsedLine {
  let at = skipSpaces(line, 0);
  if (at === line.length) return { ok: false, line, reason: "empty" };

  let tags: IrcMessage["tags"] = null;
  if (line.charCodeAt(at) === AT) {
    const known = at === 0 ? LAYOUTS.match(line) : undefined;
    if (known?.rest !== undefined) {
      const { sender, user, host, command, middle } = known.rest;
      const params = [middle, line.slice(known.end)];
      return { ok: true, message: { command, params, sender, user, host, tags: known.tags } };
    }
    if (known !== undefined) {
      tags = known.tags;
      at = known.end;
    } else {
      const end = wordEnd(line, at);
      const text = line.slice(at + 1, end);
      LAYOUTS.note(text);
      tags = parseTags(text);
      at = skipSpaces(line, end);
    }
  }

  let sender: string | null = null;
  let user: string | null = null;
  let host: string | null = null;
  if (line.charCodeAt(at) === COLON) {
    const end = wordEnd(line, at);
    // The host stands after the last @, the nick before the first ! (2022 brought "!@host").
    const hostAt = line.lastIndexOf("@", end - 1);
    const nameEnd = hostAt > at ? hostAt : end;
    if (hostAt > at) host = line.slice(hostAt + 1, end);
    const userAt = indexOfWithin(line, "!", at + 1, nameEnd);
    if (userAt !== -1) user = line.slice(userAt + 1, nameEnd);
    sender = line.slice(at + 1, userAt === -1 ? nameEnd : userAt);
    at = skipSpaces(line, end);
  }

  const commandEnd = wordEnd(line, at);
  if (commandEnd === at) return { ok: false, line, reason: "no command" };
  const command = parseCommand(line, at, commandEnd);
  if (command === undefined) {
    return { ok: false, line, reason: "command is not letters and digits" };
  }
  const params = parseParams(line, commandEnd);
  return { ok: true, message: { command, params, sender, user, host, tags } };
}

function parseParams(line: string, from: number): string[] {
  const params: string[] = [];
  let at = skipSpaces(line, from);
  while (at < line.length) {
    if (line.charCodeAt(at) === COLON) {
      params.push(line.slice(at + 1));
      break;
    }
    const end = wordEnd(line, at);
    params.push(line.slice(at, end));
    at = skipSpaces(line, end);
  }
  return params;
}

/** The command in upper case, or `undefined` if it has other characters than ASCII letters and digits. */
function parseCommand(line: string, from: number, end: number): string | undefined {
  if (end - from === 7 && line.startsWith("PRIVMSG", from)) return "PRIVMSG";
  for (let i = from; i < end; i++) {
    const code = line.charCodeAt(i);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    if (!isLetter && !(code >= 0x30 && code <= 0x39)) return undefined;
  }
  return line.slice(from, end).toUpperCase();
}

function skipSpaces(line: string, from: number): number {
  let at = from;
  while (at < line.length && line.charCodeAt(at) === SPACE) at++;
  return at;
}

function wordEnd(line: string, from: number): number {
  const end = line.indexOf(" ", from);
  return end === -1 ? line.length : end;
}

function indexOfWithin(line: string, letter: string, from: number, end: number): number {
  const at = line.indexOf(letter, from);
  return at === -1 || at >= end ? -1 : at;
}
