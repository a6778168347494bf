/** What a line of IRC may hold without its line end. */
const LINE_MAX_LENGTH = 510;

/**
 * The fewest lines that ask for all `channels`, given without `#`: `JOIN #a,#b`. None is longer than a
 * line of IRC may be; order is kept.
 *
 * @see {@link https://dev.twitch.tv/docs/irc/join-chat-room/ | several channels in one JOIN}
 */
export function joinLines(channels: Iterable<string>): string[] {
  const lines: string[] = [];
  let line = "";
  for (const channel of channels) {
    const longer = line === "" ? `JOIN #${channel}` : `${line},#${channel}`;
    if (longer.length <= LINE_MAX_LENGTH) {
      line = longer;
    } else {
      lines.push(line);
      line = `JOIN #${channel}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}
