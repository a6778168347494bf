import type { ParsedLine } from "../../core/irc/irc_line.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import type { Moment } from "../../core/recording/server_time.ts";
import type { Recording } from "./recording.ts";

/** At most this many connections of a capture are kept apart at a time; the oldest is given up first. */
const CONNECTIONS_MAX = 64;

/**
 * Tells which connection brought each line of a capture that may hold several. Each begins with a
 * welcome; a channel belongs to the last one that was seen to enter it.
 */
export class CapturedConnections {
  readonly #recording: Recording;
  #newest = 0;
  /** The first one that is still kept apart. */
  #oldest = 0;
  #nick = "";
  /** Whether the newest one has brought more than what comes before a welcome. */
  #isUsed = false;
  /** By target, as `#forsen`, in lower case. */
  readonly #owners = new Map<string, number>();

  /** All of them are connections of `recording`. */
  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** Begins another capture: forgets all that was known. */
  forget(): void {
    for (let n = this.#oldest; n <= this.#newest; n++) this.#recording.close(n);
    this.#recording.forgetTimes();
    this.#owners.clear();
    this.#oldest = ++this.#newest;
    this.#isUsed = false;
    this.#nick = "";
  }

  /** The connection that brought a line at `moment`. */
  of(parsed: ParsedLine, moment: Moment): number {
    if (!parsed.ok) return this.#newest;
    const { message } = parsed;
    if (message.command === "001") return this.#begin(message, moment);
    const target = targetOf(message);
    if (target === undefined) return this.#newest;
    this.#isUsed = true;
    const owner = this.#isEntry(message) ? undefined : this.#owners.get(target);
    if (owner !== undefined && owner >= this.#oldest) return owner;
    this.#owners.set(target, this.#newest);
    return this.#newest;
  }

  #begin({ params }: IrcMessage, moment: Moment): number {
    if (this.#isUsed) this.#newest++;
    this.#isUsed = true;
    this.#nick = params[0]?.toLowerCase() ?? "";
    this.#recording.open(this.#newest, moment);
    if (this.#newest - this.#oldest >= CONNECTIONS_MAX) this.#recording.close(this.#oldest++);
    return this.#newest;
  }

  /** Whether a message says that the newest connection enters a channel. */
  #isEntry({ command, params, sender }: IrcMessage): boolean {
    if (this.#nick === "") return false;
    if (command === "JOIN") return sender?.toLowerCase() === this.#nick;
    return (command === "353" || command === "366") && params[0]?.toLowerCase() === this.#nick;
  }
}

function targetOf({ command, params }: IrcMessage): string | undefined {
  const target = command === "353" ? params[2] : command === "366" ? params[1] : params[0];
  return target?.startsWith("#") ? target.toLowerCase() : undefined;
}
