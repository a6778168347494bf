import {
  CAPABILITIES,
  type Capability,
  capabilityLine,
  globalUserStateLine,
  loginRefusedLine,
  welcomeLines,
} from "../twitch_lines/server_lines.ts";

/**
 * The result of a step of a login: lines to send, and whether the server closes the connection after them.
 */
export interface LoginStep {
  /** Without CR LF. */
  readonly lines: readonly string[];
  /** True after a refused login. */
  readonly isRefused?: boolean;
}

const NOTHING: LoginStep = { lines: [] };
const NICK = /^[a-z0-9_]{1,25}$/;
const ANONYMOUS = /^justinfan\d+$/;

/** How far a client is with CAP, PASS and NICK. */
export class LoginExchange {
  readonly #token: string;
  readonly #capabilities = new Set<Capability>();
  #pass: string | undefined;
  #nick: string | undefined;

  /** A login that has not begun. `token` is the one that is accepted, without `oauth:`. */
  constructor(token: string) {
    this.#token = token;
  }

  /** Its name, once it is logged in. */
  get nick(): string | undefined {
    return this.#nick;
  }

  /** Whether it is logged in without an account. */
  get isAnonymous(): boolean {
    return this.#nick !== undefined && ANONYMOUS.test(this.#nick);
  }

  /** Whether it requested `capability` and got it. */
  has(capability: Capability): boolean {
    return this.#capabilities.has(capability);
  }

  /** `CAP …`, also after the login. */
  cap([subcommand = "", names = ""]: readonly string[]): LoginStep {
    if (subcommand.toUpperCase() === "LS") {
      return { lines: [capabilityLine("LS", CAPABILITIES.join(" "))] };
    }
    if (subcommand.toUpperCase() !== "REQ") return NOTHING; // END and LIST have no effect here.
    const wanted = names.split(" ").filter((name) => name !== "");
    const known = wanted.filter(isCapability);
    if (known.length < wanted.length) return { lines: [capabilityLine("NAK", names)] };
    for (const name of known) this.#capabilities.add(name);
    return { lines: [capabilityLine("ACK", names)] };
  }

  /** `PASS …`, which must come before NICK. */
  pass([pass = ""]: readonly string[]): LoginStep {
    this.#pass ??= pass;
    return NOTHING;
  }

  /** `NICK …`, which completes the login. */
  signIn([name = ""]: readonly string[]): LoginStep {
    if (this.#nick !== undefined) return NOTHING; // Observed: a second NICK changes nothing.
    const nick = name.toLowerCase();
    const reason = this.#objectionTo(nick);
    if (reason !== undefined) return { lines: [loginRefusedLine(reason)], isRefused: true };
    this.#nick = nick;
    const lines = welcomeLines(nick);
    if (!this.isAnonymous && this.has("twitch.tv/commands")) lines.push(globalUserStateLine(nick));
    return { lines };
  }

  #objectionTo(nick: string): "authentication" | "format" | "nick" | undefined {
    if (!NICK.test(nick)) return "nick";
    if (ANONYMOUS.test(nick)) return undefined; // Observed: any PASS is fine, also none.
    if (!this.#pass?.startsWith("oauth:")) return "format";
    return this.#pass === `oauth:${this.#token}` ? undefined : "authentication";
  }
}

function isCapability(name: string): name is Capability {
  return (CAPABILITIES as readonly string[]).includes(name);
}
