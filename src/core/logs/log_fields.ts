import type { IrcMessage } from "../batch/message.ts";

/** What a log shows of a message. */
export interface LogFields {
  /** The number that log APIs have for its command; -1 for one that they do not know. */
  readonly type: number;
  /** The author's login; of a ban, the banned user's. `""` if there is none. */
  readonly login: string;
  /** The author's display name or login; of a ban, the banned user's login. */
  readonly displayName: string;
  /** The channel's login at the time, without `#`. */
  readonly channel: string;
  /** What the user wrote, without the mark of an action. */
  readonly userText: string;
  /** Twitch's sentence: of a ban, or of a USERNOTICE. */
  readonly systemText: string;
}

/** The commands that a log shows. */
export const LOGGED_COMMANDS: ReadonlySet<string> = new Set([
  "PRIVMSG",
  "USERNOTICE",
  "CLEARCHAT",
  "CLEARMSG",
]);

// The numbers of go-twitch-irc, which justlog printed and its clients read.
const TYPES: ReadonlyMap<string, number> = new Map(
  [
    "WHISPER",
    "PRIVMSG",
    "CLEARCHAT",
    "ROOMSTATE",
    "USERNOTICE",
    "USERSTATE",
    "NOTICE",
    "JOIN",
    "PART",
    "RECONNECT",
    "NAMES",
    "PING",
    "PONG",
    "CLEARMSG",
    "GLOBALUSERSTATE",
  ].map((command, i) => [command, i]),
);

/** The parts of a message by which logs show it. Never throws. */
export function logFieldsOf(message: IrcMessage): LogFields {
  const { command, params, sender, tags } = message;
  const type = TYPES.get(command) ?? -1;
  const channel = (params[0] ?? "").replace(/^#/, "");
  if (command === "CLEARCHAT") {
    const login = clearedLogin(message);
    const systemText = clearedText(message, login);
    return { type, login, displayName: login, channel, userText: "", systemText };
  }
  // A server has a name with a full stop, which no login has.
  const login = tags?.["login"] || (sender === null || sender.includes(".") ? "" : sender);
  const isSaid = command === "PRIVMSG" || command === "USERNOTICE" || command === "WHISPER";
  return {
    type,
    login,
    displayName: tags?.["display-name"] || login,
    channel,
    userText: isSaid ? withoutActionMark(params[1] ?? "") : "",
    systemText: command === "USERNOTICE" ? tags?.["system-msg"] ?? "" : "",
  };
}

/** The login of the user whom a CLEARCHAT bans or times out; `""` if it clears the whole chat. */
export function clearedLogin({ params }: Pick<IrcMessage, "params">): string {
  return (params[1] ?? "").replace(/^:/, ""); // Old logs kept the colon of the last parameter.
}

function clearedText({ tags }: Pick<IrcMessage, "tags">, login: string): string {
  if (login === "") return "Chat has been cleared";
  const duration = tags?.["ban-duration"];
  return duration === undefined || duration === ""
    ? `${login} has been banned`
    : `${login} has been timed out for ${duration} seconds`;
}

function withoutActionMark(text: string): string {
  // deno-lint-ignore no-control-regex -- this is how CTCP marks an action
  return /^\u0001ACTION ([^]*?)\u0001?$/.exec(text)?.[1] ?? text;
}
