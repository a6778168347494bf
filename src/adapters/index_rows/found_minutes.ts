import { MINUTE_US } from "../../core/time.ts";
import type { IndexedMinute, IndexQuery } from "../../ports/index/chat_index.ts";
import { numbersOf } from "./index_values.ts";
import { roleBits, type StoredMinute } from "./person_minutes.ts";

/** Gathers what a database finds for a query of `ChatIndex.find`. */
export class FoundMinutes {
  /** The minutes since 1970 that are asked for: from the first number, to the second without it. */
  readonly span: readonly [number, number];
  readonly #bits: number;
  /** Minutes since 1970 → how many messages the users wrote. */
  readonly #messages = new Map<number, number>();

  /** Nothing is found yet. */
  constructor(query: IndexQuery) {
    this.span = numbersOf(query, MINUTE_US);
    this.#bits = query.roles === undefined ? -1 : roleBits(query.roles);
  }

  /** Takes minutes of one user; those out of the span, or in other roles, are left out. */
  add(minutes: readonly StoredMinute[]): void {
    const [from, until] = this.span;
    for (const { minute, roles, messages } of minutes) {
      if (minute < from || minute >= until || (roles & this.#bits) === 0) continue;
      this.#messages.set(minute, (this.#messages.get(minute) ?? 0) + messages);
    }
  }

  /** Whether no minute of a user was taken. */
  get isEmpty(): boolean {
    return this.#messages.size === 0;
  }

  /** The minutes of the users, ascending. */
  ofPerson(): IndexedMinute[] {
    return [...this.#messages.keys()].sort((a, b) => a - b).map((at) => this.#minute(at));
  }

  /** Those of `withWords`, ascending, that are minutes of the users too; all of them where no user was asked for. */
  ofWords(withWords: readonly number[], { hasPerson }: { readonly hasPerson: boolean }) {
    return withWords.filter((at) => !hasPerson || this.#messages.has(at))
      .map((at) => this.#minute(at));
  }

  #minute(at: number): IndexedMinute {
    return { minuteUs: at * MINUTE_US, messages: this.#messages.get(at) ?? 0 };
  }
}
