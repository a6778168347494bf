import type { Message } from "../../../core/batch/message.ts";
import { type Micros, MINUTE_US, readStart } from "../../../core/time.ts";

/** An action of a moderator that marks earlier messages. */
export interface Clear {
  readonly timeUs: Micros;
  /** The `id` of the one message that was deleted. */
  readonly messageId: string | undefined;
  /** The login of the user whose messages were; none if all of the chat was cleared. */
  readonly user: string | undefined;
  /** How long that user may not write; `undefined` for ever, or if it was a deletion. */
  readonly seconds: number | undefined;
}

/** How a message was removed. */
export type RemovalKind = "deleted" | "timeout" | "ban";

/** Twitch removes a user's messages from the screens, which show the last few minutes. */
export const REMOVAL_REACH_US: Micros = 10 * MINUTE_US;

/** The action that a message tells of; `undefined` if it tells of none. */
export function clearOf({ command, params, tags, time }: Message): Clear | undefined {
  const timeUs = readStart(time);
  const blank = { timeUs, messageId: undefined, user: undefined, seconds: undefined };
  if (command === "CLEARMSG") return { ...blank, messageId: tags?.["target-msg-id"] };
  if (command !== "CLEARCHAT") return undefined;
  const seconds = Number(tags?.["ban-duration"] ?? NaN);
  return { ...blank, user: params[1], seconds: Number.isFinite(seconds) ? seconds : undefined };
}

/** What kind of action it is. */
export function removalKind({ messageId, seconds }: Clear): RemovalKind {
  return messageId !== undefined ? "deleted" : seconds === undefined ? "ban" : "timeout";
}

/** Actions of moderators, and which of them removed a message. */
export class Removals {
  readonly #messages = new Map<string, Clear>();
  readonly #users = new Map<string, Clear[]>();

  /** Adds actions; those that are here already change nothing, as a minute that grows tells all of its own again. */
  add(clears: readonly Clear[]): void {
    for (const clear of clears) {
      if (clear.messageId !== undefined) this.#messages.set(clear.messageId, clear);
      if (clear.user === undefined) continue;
      const list = this.#users.get(clear.user);
      if (list === undefined) this.#users.set(clear.user, [clear]);
      else if (
        !list.some(({ timeUs, seconds }) => timeUs === clear.timeUs && seconds === clear.seconds)
      ) {
        list.push(clear);
      }
    }
  }

  /** The action that removed a message; `undefined` if none that is known did. */
  of({ command, tags, sender, time }: Message): Clear | undefined {
    if (command !== "PRIVMSG" && command !== "USERNOTICE") return undefined;
    const deleted = this.#messages.get(tags?.["id"] ?? "");
    if (deleted !== undefined) return deleted;
    const login = command === "PRIVMSG" ? sender : tags?.["login"];
    const timeUs = readStart(time);
    return this.#users.get(login ?? "")?.find((each) =>
      each.timeUs >= timeUs && each.timeUs - timeUs <= REMOVAL_REACH_US
    );
  }

  /** Forgets actions from before a moment: they removed nothing that is sent after it. */
  forgetBefore(timeUs: Micros): void {
    for (const [id, clear] of this.#messages) {
      if (clear.timeUs < timeUs) this.#messages.delete(id);
    }
    for (const [user, clears] of this.#users) {
      const rest = clears.filter((clear) => clear.timeUs >= timeUs);
      if (rest.length === 0) this.#users.delete(user);
      else this.#users.set(user, rest);
    }
  }
}
