import type { Message } from "../../../core/batch/message.ts";
import type { Micros } from "../../../core/time.ts";
import type { MinuteSummary } from "../../reading/minute_summary.ts";
import { type Clear, removalKind, Removals } from "../../reading/removals/removals.ts";
import { formatLength } from "../../ui/format.ts";
import { words } from "../../words/words.ts";

/** What a moderator did to a message. */
export type Mark = { readonly label: string; readonly atUs: Micros };

/** The actions of moderators in the known minutes, and their messages. */
export class Marks {
  readonly #minutes = new Map<Micros, readonly Clear[]>();
  #removals = new Removals();
  /** The mark of a message so far, so that the same object is returned. */
  #given = new WeakMap<Message, { readonly mark: Mark | undefined }>();

  /** Adds the actions of a minute, in place of those that were known of it: a minute grows while it is followed. */
  add({ minuteUs, clears }: MinuteSummary): void {
    const known = this.#minutes.get(minuteUs);
    if (clears.length === (known?.length ?? 0)) return;
    this.#minutes.set(minuteUs, clears);
    this.#given = new WeakMap();
    if (known === undefined) return this.#removals.add(clears);
    this.#removals = new Removals();
    for (const each of this.#minutes.values()) this.#removals.add(each);
  }

  /** What was done to a message, if anything. */
  of(message: Message): Mark | undefined {
    let given = this.#given.get(message);
    if (given === undefined) this.#given.set(message, given = { mark: this.#find(message) });
    return given.mark;
  }

  #find(message: Message): Mark | undefined {
    const clear = this.#removals.of(message);
    if (clear === undefined) return undefined;
    const kind = removalKind(clear);
    const { deleted, banned, timedOut } = words.value.message;
    const label = kind === "deleted"
      ? deleted
      : kind === "ban"
      ? banned
      : timedOut(formatLength(clear.seconds!));
    return { label, atUs: clear.timeUs };
  }
}
