import type { RedactedUser } from "../../core/redaction/redaction.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import { Lru } from "../../core/lru.ts";
import { loginDigest } from "../../core/redaction/login_digest.ts";
import { type RedactionMatcher, redactionMatcher } from "../../core/redaction/redaction_matcher.ts";
import type { OptOutNote, OptOutNotes } from "../../ports/notes/opt_out_notes.ts";
import type { OptOuts } from "./opt_outs.ts";

/** Why an order to forget a user was made who has opted out. */
export const OPT_OUT_REASON = "opt-out";

const NAMES_ASKED_MAX = 10_000;

/** Who has opted out, in memory: what notes say, and what was said just now. */
export class OptOutBook implements OptOuts {
  readonly #notes: OptOutNotes;
  #known: ReadonlyMap<string, OptOutNote> = new Map();
  #ofAll: RedactionMatcher | undefined;
  /** The ids of channels that have opted out … */
  #channels: ReadonlySet<string> = new Set();
  /** … and the digests of their logins. */
  #channelLogins: ReadonlySet<string> = new Set();
  /** Both, to notice changes. */
  #channelNames = "";
  /** Answers about logins: recorders ask for each line. */
  #namesAsked = new Lru<string, boolean>({ countMax: NAMES_ASKED_MAX });
  #onChange: () => void = () => {};
  /** By channel, as `#forsen`: what orders of peers say. */
  readonly #ofChannels = new Map<string, RedactionMatcher>();

  /** An empty book; {@link OptOutBook.load} fills it. */
  constructor(notes: OptOutNotes) {
    this.#notes = notes;
  }

  /** See {@link OptOuts}. */
  isUserOptedOut(id: string): boolean {
    return this.#known.has(`user ${id}`);
  }

  /** See {@link OptOuts}. */
  isChannelOptedOut(id: string): boolean {
    return this.#channels.has(id);
  }

  /** See {@link OptOuts}. */
  isChannelNameOptedOut(login: string): boolean {
    if (this.#channelLogins.size === 0) return false;
    let isOut = this.#namesAsked.get(login);
    if (isOut === undefined) {
      isOut = this.#channelLogins.has(loginDigest(login));
      this.#namesAsked.set(login, isOut);
    }
    return isOut;
  }

  /** See {@link OptOuts}. */
  get hasOptedOutChannels(): boolean {
    return this.#channels.size > 0;
  }

  /** All notes. */
  get notes(): readonly OptOutNote[] {
    return [...this.#known.values()];
  }

  /**
   * What matches messages that are not recorded: they name a user who has opted out, here or by an order of a
   * peer, or are of a channel that has; `undefined` if there is neither.
   */
  get matcher(): RedactionMatcher | undefined {
    const [ofAll, ofChannels] = [this.#ofAll, this.#ofChannels];
    if (ofChannels.size === 0 && !this.hasOptedOutChannels) return ofAll;
    return (message, sighting) =>
      this.#isOfOptedOut(message) ||
      ofAll?.(message, sighting) === true ||
      ofChannels.get((message.params[0] ?? "").toLowerCase())?.(message, sighting) === true;
  }

  /** Sets whose messages are not recorded in one channel: orders say so. */
  setOrdered(channel: string, targets: readonly RedactedUser[]): void {
    const orders = targets.map((target) => ({ target, madeUs: 0, reason: "" }));
    if (targets.length === 0) this.#ofChannels.delete(`#${channel}`);
    else this.#ofChannels.set(`#${channel}`, redactionMatcher(orders));
  }

  /**
   * Takes over what the notes say now.
   *
   * @throws {ChatloomError} when they cannot be read; then the old ones stay.
   */
  async load(): Promise<void> {
    const before = this.#known;
    const listed = await this.#notes.list();
    const known = new Map(listed.map((note) => [`${note.kind} ${note.id}`, note]));
    // One that came meanwhile is not yet in the list.
    for (const [name, note] of this.#known) if (!before.has(name)) known.set(name, note);
    this.#set(known);
  }

  /**
   * Takes a note over at once, and then stores it.
   *
   * @throws {ChatloomError} when it cannot be stored; until the next {@link OptOutBook.load} it holds
   * nevertheless.
   */
  async put(note: OptOutNote): Promise<void> {
    this.#set(new Map(this.#known).set(`${note.kind} ${note.id}`, note));
    await this.#notes.put(note);
  }

  /**
   * Forgets a note: the user is recorded again.
   *
   * @throws {ChatloomError} when it cannot be deleted.
   */
  async delete(note: Pick<OptOutNote, "kind" | "id">): Promise<void> {
    await this.#notes.delete(note);
    const known = new Map(this.#known);
    known.delete(`${note.kind} ${note.id}`);
    this.#set(known);
  }

  /** Calls `onChange` after each change of channels that have opted out, the last function that was given. */
  watch(onChange: () => void): void {
    this.#onChange = onChange;
  }

  #isOfOptedOut({ params, tags }: IrcMessage): boolean {
    if (!this.hasOptedOutChannels) return false;
    if (this.#channels.has(tags?.["room-id"] ?? "")) return true;
    const [channel = ""] = params;
    return channel.startsWith("#") && this.isChannelNameOptedOut(channel.slice(1).toLowerCase());
  }

  #set(known: ReadonlyMap<string, OptOutNote>): void {
    this.#known = known;
    const channels = this.notes.filter(({ kind }) => kind === "channel");
    const names = channels.map(({ id, logins }) => [id, ...logins].join(" ")).sort().join("\n");
    const isOther = names !== this.#channelNames;
    this.#channelNames = names;
    this.#channels = new Set(channels.map(({ id }) => id));
    this.#channelLogins = new Set(channels.flatMap(({ logins }) => logins));
    this.#namesAsked = new Lru({ countMax: NAMES_ASKED_MAX });
    const users = this.notes.filter(({ kind }) => kind === "user");
    this.#ofAll = users.length === 0
      ? undefined
      : redactionMatcher(users.map((note) => ({ target: targetOf(note), madeUs: 0, reason: "" })));
    if (isOther) this.#onChange();
  }
}

/** What an order for a user who has opted out names: the id, and digests of logins instead of logins. */
export function targetOf({ id, logins }: Pick<OptOutNote, "id" | "logins">): RedactedUser {
  return { kind: "user", userId: id, logins, beforeUs: undefined };
}
