import type { IrcMessage } from "../batch/message.ts";

/** A message whose channel is in lower case, and the line that says so. */
export interface FoldedLine {
  readonly line: string;
  readonly message: IrcMessage;
}

/**
 * A line with the channel of its message in lower case, as Twitch writes it: some clients note it as
 * the user typed it, and two nodes must not take one message for two. Others come back as they are.
 */
export function foldChannel(line: string, message: IrcMessage): FoldedLine {
  const target = message.params[0];
  const folded = target?.toLowerCase();
  if (target === undefined || folded === undefined || folded === target) return { line, message };
  // Neither tags nor the prefix hold a space: the first such word behind one is the parameter.
  const at = [` ${target}`, ` :${target}`].map((word) => line.indexOf(word) + word.length)
    .find((end) => end >= target.length + 1);
  if (at === undefined) return { line, message };
  return {
    line: `${line.slice(0, at - target.length)}${folded}${line.slice(at)}`,
    message: { ...message, params: [folded, ...message.params.slice(1)] },
  };
}
