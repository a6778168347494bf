import type { Message } from "../../core/batch/message.ts";
import { fromSeconds, type Micros, MINUTE_US } from "../../core/time.ts";

/** A name, and from when to when it was seen. */
export interface SeenName {
  readonly login: string;
  readonly firstUs: Micros;
  readonly lastUs: Micros;
}

/** A ban, a timeout or a deletion, and the lines that it removed, the last first. */
export interface Action {
  readonly message: Message;
  readonly removed: readonly Message[];
}

/** What lines of a person tell of them. */
export interface PersonFacts {
  /** The last first. */
  readonly names: readonly SeenName[];
  /** How many lines they wrote. */
  readonly lines: number;
  readonly firstUs: Micros | undefined;
  readonly lastUs: Micros | undefined;
  /** The last first. */
  readonly actions: readonly Action[];
}

// Twitch removes a user's messages from the screens, which show the last few minutes.
const REACH_US = 10 * MINUTE_US;

/** A link to a person: by their id where a message tells it, so that renames are followed, and by their login. */
export function personOf({ command, tags }: Message, login: string): string {
  const id = tags?.[command === "CLEARCHAT" ? "target-user-id" : "user-id"] ?? "";
  return /^\d{1,20}$/.test(id) ? `id:${id},${login}` : login;
}

/** What `lines`, the last first, tell of the person who wrote them. */
export function personFacts(lines: readonly Message[]): PersonFacts {
  const spoken = lines.filter(isSpoken);
  const names = new Map<string, SeenName>();
  for (const message of spoken) {
    const login = message.tags?.["login"] || message.sender || "";
    const timeUs = fromSeconds(message.time);
    const lastUs = names.get(login)?.lastUs ?? timeUs;
    names.set(login, { login, firstUs: timeUs, lastUs });
  }
  const last = spoken[0];
  const first = spoken.at(-1);
  return {
    names: [...names.values()],
    lines: spoken.length,
    firstUs: first && fromSeconds(first.time),
    lastUs: last && fromSeconds(last.time),
    actions: lines.flatMap((message, i) => {
      if (message.command !== "CLEARCHAT" && message.command !== "CLEARMSG") return [];
      return [{ message, removed: removedBy(message, lines, i) }];
    }),
  };
}

function isSpoken({ command }: Message): boolean {
  return command === "PRIVMSG" || command === "USERNOTICE";
}

function removedBy(
  { command, tags, time }: Message,
  lines: readonly Message[],
  place: number,
): Message[] {
  if (command === "CLEARMSG") {
    const id = tags?.["target-msg-id"];
    return lines.filter((each) => id !== undefined && each.tags?.["id"] === id);
  }
  // Of one moment no order is known.
  let from = place;
  while (from > 0 && lines[from - 1]!.time === time) from--;
  const fromUs = fromSeconds(time) - REACH_US;
  const removed: Message[] = [];
  for (const each of lines.slice(from)) {
    if (fromSeconds(each.time) < fromUs) break;
    if (isSpoken(each)) removed.push(each);
  }
  return removed;
}
