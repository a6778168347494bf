import type { IrcMessage } from "../../core/batch/message.ts";
import { type Micros, SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { CODE_LIFE_US, OptOutCodes, randomLetters } from "./opt_out_codes.ts";

/** For how long a link gives lines once its code was said. One whose code can be said no more ends with the code. */
const LINK_LIFE_US = 600 * SECOND_US;
const LINKS_MAX = 1_000;
/** 158 bits: no caller can guess one. */
const TOKEN_LENGTH = 32;

/** What a user needs to get an export: the code is said in public, the token is known to the caller alone. */
export interface ExportTicket {
  /** To say in chat: `!chatloom export CODE`. */
  readonly code: string;
  /** The secret part of the link. */
  readonly token: string;
}

interface Link {
  readonly code: string;
  endUs: Micros;
  userId: string | undefined;
}

/**
 * Links by which users get what they wrote. A link gives the lines of the one who said its code, and to its caller
 * alone: a code that is overheard is worth nothing without the token.
 */
export class OwnExports {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #codes: OptOutCodes;
  /** By token. */
  readonly #links = new Map<string, Link>();

  /** No link is given out yet. */
  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#random = random;
    this.#codes = new OptOutCodes({ clock, random, command: "export" });
  }

  /** A new ticket, or `undefined` while there are too many. */
  make(): ExportTicket | undefined {
    this.#forgetOld();
    if (this.#links.size >= LINKS_MAX) return undefined;
    const code = this.#codes.make();
    if (code === undefined) return undefined;
    const token = randomLetters(this.#random, TOKEN_LENGTH);
    const endUs = this.#clock.elapsedUs() + CODE_LIFE_US;
    this.#links.set(token, { code, endUs, userId: undefined });
    return { code, token };
  }

  /** Takes a message that may say a code; a code holds once. */
  hear(message: IrcMessage): void {
    const heard = this.#codes.heard(message);
    if (heard === undefined) return;
    this.#forgetOld();
    for (const link of this.#links.values()) {
      // A link that was said may have had the same code before.
      if (link.code !== heard.code || link.userId !== undefined) continue;
      link.userId = heard.speaker.id;
      link.endUs = this.#clock.elapsedUs() + LINK_LIFE_US;
    }
  }

  /** Whose lines a link gives; `"unsaid"` before its code is said, `undefined` if it holds no more. */
  ownerOf(token: string): { readonly userId: string } | "unsaid" | undefined {
    this.#forgetOld();
    const link = this.#links.get(token);
    if (link === undefined) return undefined;
    return link.userId === undefined ? "unsaid" : { userId: link.userId };
  }

  #forgetOld(): void {
    const nowUs = this.#clock.elapsedUs();
    for (const [token, { endUs }] of this.#links) {
      if (endUs <= nowUs) this.#links.delete(token);
    }
  }
}
