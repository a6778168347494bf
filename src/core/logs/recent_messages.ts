import type { Message } from "../batch/message.ts";
import { formatIrcLine } from "../irc/format_irc_line.ts";
import { clearedLogin } from "./log_fields.ts";

/** A message with the time at which a receiver got it first. */
export interface RecentMessage {
  readonly message: Message;
  /** In whole milliseconds since 1970, by the receiver's clock. */
  readonly receivedMs: number;
}

/** How moderation shows in a list of recent messages. All are off by default. */
export interface ModerationRules {
  /** Leave out bans, timeouts, cleared chats and deletions themselves. */
  readonly hidesModeration: boolean;
  /** Leave out the messages that those deleted. */
  readonly hidesModerated: boolean;
  /** Write a CLEARCHAT as a NOTICE with its sentence, as old clients want it. */
  readonly clearsByNotice: boolean;
}

/** The commands among recent messages. */
export const RECENT_COMMANDS: ReadonlySet<string> = new Set([
  "PRIVMSG",
  "CLEARCHAT",
  "CLEARMSG",
  "USERNOTICE",
  "NOTICE",
  "ROOMSTATE",
]);

/** NOTICEs that concern the connection that got them, or hosting, and no reader of the chat. */
const HIDDEN_NOTICES: ReadonlySet<string> = new Set([
  "no_permission",
  "host_on",
  "host_off",
  "host_target_went_offline",
  "msg_channel_suspended",
]);

/** Whether a message is one of a channel's recent messages. */
export function isRecentKind({ command, tags }: Pick<Message, "command" | "tags">): boolean {
  return RECENT_COMMANDS.has(command) &&
    !(command === "NOTICE" && HIDDEN_NOTICES.has(tags?.["msg-id"] ?? ""));
}

/** When a message was received first, in whole milliseconds. */
export function receivedMs({ receivers }: Pick<Message, "receivers">): number {
  let firstS = Infinity;
  for (const receiver in receivers) {
    const entry = receivers[receiver]!;
    firstS = Math.min(firstS, typeof entry === "number" ? entry : entry.received);
  }
  return Math.floor(firstS * 1000);
}

/**
 * Recent messages as lines of IRC, in their order, with the tags of the recent-messages API: `historical`,
 * `rm-received-ts`, and `rm-deleted` where a later one of them deleted it.
 *
 * @param recent in the order in which they were received.
 */
export function formatRecent(
  recent: readonly RecentMessage[],
  { hidesModeration, hidesModerated, clearsByNotice }: ModerationRules,
): string[] {
  const lines: string[] = [];
  const deleted = deletedAmong(recent);
  for (const [i, { message, receivedMs }] of recent.entries()) {
    const { command } = message;
    if (hidesModeration && (command === "CLEARCHAT" || command === "CLEARMSG")) continue;
    if (hidesModerated && deleted.has(i)) continue;
    const shown = clearsByNotice && command === "CLEARCHAT" ? toNotice(message) : message;
    const tags = [["historical", "1"], ["rm-received-ts", `${receivedMs}`]] as [string, string][];
    if (deleted.has(i)) tags.push(["rm-deleted", "1"]);
    lines.push(formatIrcLine(shown, tags));
  }
  return lines;
}

/** Which of these messages a later one of them deleted. */
function deletedAmong(recent: readonly RecentMessage[]): ReadonlySet<number> {
  const deleted = new Set<number>();
  const users = new Set<string>();
  const ids = new Set<string>();
  let isAllCleared = false;
  for (let i = recent.length - 1; i >= 0; i--) {
    const { message } = recent[i]!;
    const { command, tags, sender } = message;
    if (command === "CLEARCHAT") {
      const login = clearedLogin(message);
      if (login === "") isAllCleared = true;
      else for (const name of [tags?.["target-user-id"], login]) if (name) users.add(name);
    } else if (command === "CLEARMSG") {
      ids.add(tags?.["target-msg-id"] ?? "");
    } else if (command === "PRIVMSG" || command === "USERNOTICE") {
      const names = [tags?.["user-id"], tags?.["login"], sender].filter((name) => !!name);
      const isOfUser = names.some((name) => users.has(name!));
      if (isAllCleared || isOfUser || ids.has(tags?.["id"] || " ")) deleted.add(i);
    }
  }
  return deleted;
}

/** A CLEARCHAT as a NOTICE that says it in a sentence. */
function toNotice(message: Message): Message {
  const login = clearedLogin(message);
  const duration = message.tags?.["ban-duration"] ?? "";
  const [id, text] = login === ""
    ? ["rm-clearchat", "Chat has been cleared by a moderator."]
    : duration === ""
    ? ["rm-permaban", `${login} has been permanently banned.`]
    : ["rm-timeout", `${login} has been timed out for ${formatDuration(Number(duration))}.`];
  return {
    ...message,
    command: "NOTICE",
    params: [message.params[0] ?? "", text],
    sender: "tmi.twitch.tv",
    user: null,
    host: null,
    tags: { "msg-id": id },
  };
}

/** Seconds as people read them: `10m 30s`. What is no number of seconds counts as 0. */
function formatDuration(seconds: number): string {
  const units = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]] as const;
  let left = Number.isSafeInteger(seconds) && seconds > 0 ? seconds : 0;
  const parts: string[] = [];
  for (const [unit, length] of units) {
    const count = Math.floor(left / length);
    if (count > 0) parts.push(`${count}${unit}`);
    left -= count * length;
  }
  return parts.length === 0 ? "0s" : parts.join(" ");
}
