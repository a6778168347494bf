import { collect } from "../../async/collect.ts";
import { isChannelName } from "../../core/archive/archive_key.ts";
import { loginDigest } from "../../core/redaction/login_digest.ts";
import type { RedactedUser } from "../../core/redaction/redaction.ts";
import type { OptOutNote } from "../../ports/notes/opt_out_notes.ts";
import { findLogins, listRedactions, redact, type RedactOptions } from "../redact/redact.ts";
import { OPT_OUT_REASON, type OptOutBook, targetOf } from "./opt_out_book.ts";

/** What {@link eraseUser} works with. */
export interface EraseOptions extends RedactOptions {
  readonly book: OptOutBook;
  /**
   * Resolves once all that this process has received so far is in the store and nowhere else.
   * @default at once, for a process that records nothing
   */
  readonly storeReceived?: () => Promise<void>;
  /** Clears what is kept beside the files, such as saved pictures; called before a note counts as done. */
  readonly onErased?: () => Promise<void>;
}

/** What was erased. */
export interface Erased {
  /** Messages that were removed from files. */
  readonly messages: number;
  /** Files that could not be read, and are unchanged. No reader gets any of them. */
  readonly unseen: number;
}

/**
 * Erases a user who has opted out from all channels: finds the names that the user bore, gives each
 * channel an order without an end, and rewrites the files. Doing it again, as after a crash, finishes it.
 *
 * The note must be in the book, so that nothing new of the user is recorded meanwhile.
 *
 * @throws {ChatloomError} when the store or a note fails.
 */
export async function eraseUser(note: OptOutNote, options: EraseOptions): Promise<Erased> {
  const { book, storeReceived = () => Promise.resolve() } = options;
  await storeReceived();
  const channels = await channelsOf(options);
  const digests = new Set(note.logins);
  for (const channel of channels) {
    const user = { userId: note.id, beforeUs: undefined };
    for (const name of await findLogins(channel, user, options)) digests.add(loginDigest(name));
  }
  const found: OptOutNote = { ...note, logins: [...digests].sort(), isDone: false };
  await book.put(found);
  // Lines that bear names only came until now.
  await storeReceived();
  let [messages, unseen] = [0, 0];
  for (const channel of await channelsOf(options)) {
    const done = await redact(channel, orderOf(found), options);
    messages += done.messages;
    unseen += done.unseen.length;
  }
  await options.onErased?.();
  await book.put({ ...found, isDone: true });
  return { messages, unseen };
}

/**
 * Gives a channel the orders of all who have opted out, where one is missing: a channel that is new, or whose
 * folder came from a peer.
 *
 * @param ordered what {@link orderedUsers} found there
 * @throws {ChatloomError} when the store fails.
 */
export async function giveOrders(
  channel: string,
  { ordered, ...options }: EraseOptions & { readonly ordered: ReadonlyMap<string, RedactedUser> },
): Promise<void> {
  const ids = new Set([...ordered.values()].map(({ userId }) => userId));
  for (const note of options.book.notes) {
    if (note.kind === "user" && !ids.has(note.id)) await redact(channel, orderOf(note), options);
  }
}

/**
 * Users whom orders have a channel forget because they opted out, here or at a peer, by the orders' keys.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function orderedUsers(
  channel: string,
  options: EraseOptions,
): Promise<Map<string, RedactedUser>> {
  const users = new Map<string, RedactedUser>();
  for (const each of await listRedactions(channel, options)) {
    if (!each.ok || each.redaction.reason !== OPT_OUT_REASON) continue;
    const { target } = each.redaction;
    if (target.kind === "user" && target.beforeUs === undefined) users.set(each.key, target);
  }
  return users;
}

/**
 * Removes from the files of a channel what an order of a peer names and this process recorded since.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function obeyAgain(
  channel: string,
  { target, ...options }: EraseOptions & { readonly target: RedactedUser },
): Promise<void> {
  await redact(channel, { target, reason: OPT_OUT_REASON }, options);
}

/**
 * The channels of an archive.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function channelsOf(
  { store, signal }: Pick<EraseOptions, "store" | "signal">,
): Promise<string[]> {
  return (await collect(store.folders("", { signal }))).filter(isChannelName);
}

function orderOf(note: OptOutNote) {
  return { target: targetOf(note), reason: OPT_OUT_REASON };
}
