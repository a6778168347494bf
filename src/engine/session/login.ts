import { ChatloomError } from "../../core/errors/errors.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import type { Random } from "../../ports/random.ts";

/** An account to log in with. */
export interface Login {
  /** The account's login name. */
  readonly nick: string;
  /**
   * Reads the account's token, with or without `oauth:` before it, for every connection anew: it may
   * change while chatloom runs. The token is sent to Twitch and goes nowhere else.
   */
  readonly readToken: () => Promise<string>;
}

/** The credentials that a connection sends first. Never logged, never journaled, never part of an error. */
export interface Credentials {
  /** For `PASS`. */
  readonly pass: string;
  /** For `NICK`. */
  readonly nick: string;
}

/** How Twitch words that it refuses a login. Observed; only the second is documented. */
const REFUSALS = [
  "Login authentication failed",
  "Improperly formatted auth",
  "Invalid NICK",
  "Login unsuccessful",
  "Error logging in",
];

/** Whether `nick` can be a login name of Twitch: letters, digits and `_`, at most 25. */
export function isNick(nick: string): boolean {
  return /^[A-Za-z0-9_]{1,25}$/.test(nick);
}

/**
 * Credentials for reading without an account: any `justinfan` with a number. Observed for years,
 * undocumented.
 */
export function anonymousCredentials(random: Random): Credentials {
  return { pass: "SCHMOOPIIE", nick: `justinfan${1000 + Math.floor(random.next() * 80_000)}` };
}

/**
 * Reads the credentials for `login`.
 *
 * @throws {ChatloomError} `LOGIN_REFUSED` when there is no usable token.
 */
export async function readCredentials(login: Login): Promise<Credentials> {
  let token: string;
  try {
    token = (await login.readToken()).trim();
  } catch (cause) {
    throw refusedLogin(login.nick, "its token cannot be read", { cause });
  }
  if (token === "" || token === "oauth:") throw refusedLogin(login.nick, "its token is empty");
  // Other characters in a line of IRC would begin another parameter or another line.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw refusedLogin(login.nick, "its token holds more than printable ASCII without spaces");
  }
  const pass = token.startsWith("oauth:") ? token : `oauth:${token}`;
  return { pass, nick: login.nick.toLowerCase() };
}

/** The refusal of a login in `message`, as one of {@link REFUSALS}, or `undefined`. */
export function loginRefusal(message: IrcMessage): string | undefined {
  if (message.command !== "NOTICE" || message.params[0] !== "*") return undefined;
  const text = (message.params[1] ?? "").toLowerCase();
  // Our own copy of the words: the server's could hold anything, also the token.
  return REFUSALS.find((refusal) => text.startsWith(refusal.toLowerCase()));
}

/** The error for a login that Twitch refused with these words. Says what to check. */
export function refusedByTwitch(login: Login | undefined, refusal: string): ChatloomError {
  if (login === undefined) {
    const advice = "check that the server lets anonymous readers in, or give a nick and a token";
    return new ChatloomError(
      "LOGIN_REFUSED",
      `Cannot log in anonymously: Twitch said "${refusal}"; ${advice}`,
    );
  }
  const advice =
    "check that the token is not expired, is allowed chat:read, and belongs to that account";
  return refusedLogin(login.nick, `Twitch said "${refusal}"; ${advice}`);
}

function refusedLogin(nick: string, found: string, options?: ErrorOptions): ChatloomError {
  return new ChatloomError("LOGIN_REFUSED", `Cannot log in as "${nick}": ${found}`, options);
}
