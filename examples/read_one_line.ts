/** What a line of chat says, and what becomes of one that cannot be read. */
import { parseIrcLine } from "@chatloom/chatloom";

const lines = [
  "@display-name=Ada;id=b34ccfc7;tmi-sent-ts=1785587645123 :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :hello there",
  "@system-msg=Ada\\ssubscribed :tmi.twitch.tv USERNOTICE #forsen",
  ":tmi.twitch.tv",
];

for (const line of lines) {
  const parsed = parseIrcLine(line);
  if (!parsed.ok) {
    console.log(`unreadable, because of "${parsed.reason}": ${parsed.line}`);
    continue;
  }
  const { command, params, tags } = parsed.message;
  console.log(command, params, tags?.["display-name"] ?? tags?.["system-msg"]);
}
