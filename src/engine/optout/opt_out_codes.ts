import type { IrcMessage } from "../../core/batch/message.ts";
import { type Micros, SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";

/** For how long a code may be said in chat. */
export const CODE_LIFE_US: Micros = 60 * SECOND_US;
/** At most this many codes wait to be said at a time: no caller can fill the memory. */
const CODES_MAX = 1_000;
const CODE_LENGTH = 6;
/** Without letters and digits that look alike. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

/** Who said a code. */
export interface CodeSpeaker {
  readonly id: string;
  readonly logins: string[];
}

/**
 * Codes that a user says in chat to opt out, or to export. A code names no user: its speaker is the one who opts
 * out, as Twitch vouches for the sender of a message. So a code that is guessed or overheard opts out
 * the one who says it, and no other user.
 */
export class OptOutCodes {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #command: "optout" | "export";
  /** When each ends, in elapsed time; those that end first come first. */
  readonly #codes = new Map<string, Micros>();

  /** No code is given out yet. */
  constructor({ clock, random, command = "optout" }: {
    readonly clock: Clock;
    readonly random: Random;
    /** The word before the code. @default "optout" */
    readonly command?: "optout" | "export";
  }) {
    this.#clock = clock;
    this.#random = random;
    this.#command = command;
  }

  /** A new code, or `undefined` while too many wait. */
  make(): string | undefined {
    this.#forgetOld();
    if (this.#codes.size >= CODES_MAX) return undefined;
    let code;
    do code = randomLetters(this.#random, CODE_LENGTH); while (this.#codes.has(code));
    this.#codes.set(code, this.#clock.elapsedUs() + CODE_LIFE_US);
    return code;
  }

  /**
   * The user who opts out by this message; `undefined` if it says no code that is in force. A code holds
   * once.
   */
  speaker(message: IrcMessage): CodeSpeaker | undefined {
    return this.heard(message)?.speaker;
  }

  /** As {@link OptOutCodes.speaker}, with the code. */
  heard(
    { params, tags, sender }: IrcMessage,
  ): { readonly code: string; readonly speaker: CodeSpeaker } | undefined {
    const [, command, said] =
      /^!chatloom (optout|export) ([a-z0-9]+)(?![a-z0-9])/i.exec(params[1] ?? "") ?? [];
    const code = said?.toLowerCase();
    const id = tags?.["user-id"] ?? "";
    if (command?.toLowerCase() !== this.#command) return undefined;
    if (code === undefined || !/^[0-9]{1,20}$/.test(id)) return undefined;
    this.#forgetOld();
    if (!this.#codes.delete(code)) return undefined;
    const names = [sender ?? "", tags?.["display-name"] ?? ""].map((name) => name.toLowerCase());
    const logins = [...new Set(names.filter((name) => name !== ""))];
    return { code, speaker: { id, logins } };
  }

  #forgetOld(): void {
    const nowUs = this.#clock.elapsedUs();
    for (const [code, endUs] of this.#codes) {
      if (endUs > nowUs) return;
      this.#codes.delete(code);
    }
  }
}

/** Letters and digits that cannot be taken for one another. */
export function randomLetters(random: Random, length: number): string {
  return Array.from({ length }, () => LETTERS[Math.floor(random.next() * LETTERS.length)]).join("");
}
