import type { Message } from "../../../core/batch/message.ts";
import type { Micros } from "../../../core/time.ts";
import type { MinuteSummary } from "../../reading/minute_summary.ts";
import { removalKind, Removals } from "../../reading/removals/removals.ts";
import { formatLength } from "../../ui/format.ts";
import { words } from "../../words/words.ts";

/** What a moderator did to a message. */
export type Mark = { readonly label: string; readonly atUs: Micros };

/** The actions of moderators in the known minutes, and their messages. */
export class Marks {
  /** How many of them each minute has. */
  readonly #counts = new Map<Micros, number>();
  readonly #removals = new Removals();
  /** The mark of a message so far, so that the same object is returned. */
  #given = new WeakMap<Message, { readonly mark: Mark | undefined }>();

  /** Adds the actions of a minute, also of one that has grown. */
  add({ minuteUs, clears }: MinuteSummary): void {
    if (clears.length === (this.#counts.get(minuteUs) ?? 0)) return;
    this.#counts.set(minuteUs, clears.length);
    this.#given = new WeakMap();
    this.#removals.add(clears);
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
