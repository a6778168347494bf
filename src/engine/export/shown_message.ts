import type { IrcMessage } from "../../core/batch/message.ts";
import { logFieldsOf } from "../../core/logs/log_fields.ts";
import { cutAtEmotes, type TextPiece } from "../../core/text/emote_pieces.ts";

/** What a viewer of a chat sees of a message. */
export interface ShownMessage {
  /** The author's display name, or login; `""` where there is no author. */
  readonly name: string;
  /** The author's login; `""` where there is none. */
  readonly login: string;
  /** Twitch's sentence and the user's text, as one. */
  readonly body: string;
  /** The same, cut at its emotes. */
  readonly pieces: readonly TextPiece[];
  /** Whether it was written with `/me`. */
  readonly isAction: boolean;
}

/** What is seen of a message; `undefined` if a chat shows nothing of it, as of a JOIN. */
export function toShown(message: IrcMessage): ShownMessage | undefined {
  const { command, params, tags } = message;
  if (command !== "PRIVMSG" && command !== "USERNOTICE") return undefined;
  const { displayName, login, systemText, userText } = logFieldsOf(message);
  // Twitch ends the sentence of a raid with a line feed; readers know it by the space in its place.
  const sentence = systemText.replace(/[\r\n]+$/, " ");
  const isRaid = tags?.["msg-id"] === "raid" && sentence !== "" && !sentence.endsWith(" ");
  const needsSpace = (sentence !== "" && userText !== "" && !sentence.endsWith(" ")) || isRaid;
  const front = needsSpace ? `${sentence} ` : sentence;
  const emotes = tags !== null && Object.hasOwn(tags, "emotes") ? tags["emotes"] : undefined;
  const pieces = cutAtEmotes(userText, emotes);
  return {
    name: displayName.trim() === "" ? login : displayName.trim(),
    login,
    body: front + userText,
    pieces: front === "" ? pieces : [{ text: front }, ...pieces],
    isAction: (params[1] ?? "").startsWith("\u0001ACTION "),
  };
}
