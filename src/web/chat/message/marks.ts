import type { Message } from "../../../core/batch/message.ts";
import { type Micros, MINUTE_US, readStart } from "../../../core/time.ts";
import type { Clear, MinuteSummary } from "../../reading/minute_summary.ts";
import { formatLength } from "../../ui/format.ts";
import { words } from "../../words/words.ts";

/** What a moderator did to a message. */
export type Mark = { readonly label: string; readonly atUs: Micros };

// Twitch removes a user's messages from the screens, which show the last few minutes.
const REACH_US = 10 * MINUTE_US;

/** The actions of moderators in the known minutes, and their messages. */
export class Marks {
  readonly #byMinute = new Map<Micros, readonly Clear[]>();
  readonly #messages = new Map<string, Clear>();
  readonly #users = new Map<string, Clear[]>();
  /** The mark of a message so far, so that the same object is returned. */
  #given = new WeakMap<Message, { readonly mark: Mark | undefined }>();

  /** Adds the actions of a minute. */
  add({ minuteUs, clears }: MinuteSummary): void {
    if (clears.length === 0 || this.#byMinute.has(minuteUs)) return;
    this.#byMinute.set(minuteUs, clears);
    this.#given = new WeakMap();
    for (const clear of clears) {
      if (clear.messageId !== undefined) this.#messages.set(clear.messageId, clear);
      if (clear.user === undefined) continue;
      const list = this.#users.get(clear.user);
      if (list === undefined) this.#users.set(clear.user, [clear]);
      else list.push(clear);
    }
  }

  /** What was done to a message, if anything. */
  of(message: Message): Mark | undefined {
    let given = this.#given.get(message);
    if (given === undefined) this.#given.set(message, given = { mark: this.#find(message) });
    return given.mark;
  }

  #find({ command, tags, sender, time }: Message): Mark | undefined {
    if (command !== "PRIVMSG" && command !== "USERNOTICE") return undefined;
    const deleted = this.#messages.get(tags?.["id"] ?? "");
    if (deleted !== undefined) return { label: words.value.message.deleted, atUs: deleted.timeUs };
    const login = command === "PRIVMSG" ? sender : tags?.["login"];
    const timeUs = readStart(time);
    const clear = this.#users.get(login ?? "")?.find((each) =>
      each.timeUs >= timeUs && each.timeUs - timeUs <= REACH_US
    );
    if (clear === undefined) return undefined;
    const label = clear.seconds === undefined
      ? words.value.message.banned
      : words.value.message.timedOut(formatLength(clear.seconds));
    return { label, atUs: clear.timeUs };
  }
}
