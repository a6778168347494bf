/** A line of a client. Parsed apart from the recorder's parser, so that one cannot hide the other's bugs. */
export interface ClientLine {
  /** In upper case. */
  readonly command: string;
  /** The last may hold spaces. */
  readonly params: readonly string[];
}

/** Reads one line from a client: a command and its parameters. `undefined` if it is empty. */
export function parseClientLine(line: string): ClientLine | undefined {
  const trailingAt = line.indexOf(" :");
  const head = trailingAt < 0 ? line : line.slice(0, trailingAt);
  const [command = "", ...params] = head.split(" ").filter((word) => word !== "");
  if (command === "") return undefined;
  if (trailingAt >= 0) params.push(line.slice(trailingAt + 2));
  return { command: command.toUpperCase(), params };
}

const SERVER_LINE = /^(?:@([^ ]*) +)?(?::[^ ]* +)?([A-Za-z0-9]+)(?: +:?#([^ ]+))?/;

/** The parts of a server's line that a simulation needs. */
export interface ServerLineFacts {
  /** In upper case. */
  readonly command: string;
  /** Without `#`; `undefined` if the first parameter is no channel. */
  readonly channel: string | undefined;
  /** `tmi-sent-ts`, in milliseconds since 1970. */
  readonly sentMs: number | undefined;
}

/** Reads these parts of a server's line; `undefined` if it is no such line. */
export function factsOfServerLine(line: string): ServerLineFacts | undefined {
  const match = SERVER_LINE.exec(line);
  if (match === null) return undefined;
  const [, tags = "", command = "", channel] = match;
  const sent = /(?:^|;)tmi-sent-ts=(\d{1,15})(?:;|$)/.exec(tags);
  return {
    command: command.toUpperCase(),
    channel: channel?.toLowerCase(),
    sentMs: sent === null ? undefined : Number(sent[1]),
  };
}

/** A server's line for a client without the tags capability. */
export function withoutTags(line: string): string {
  return line.startsWith("@") ? line.slice(line.indexOf(" ") + 1) : line;
}
