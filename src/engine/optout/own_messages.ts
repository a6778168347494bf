import type { IrcMessage } from "../../core/batch/message.ts";
import { namedUsers } from "../../core/users/named_users.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { readEvents } from "../read/read_events.ts";
import { scanChannel } from "../redact/scan_channel.ts";

/** Where users are looked for. */
export interface PlaceOfUsers extends AbortOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
}

/**
 * Yields what a user wrote in a channel, as lines of canonical JSON in the order of their time, each once.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* ownLines(
  channel: string,
  { userId, ...place }: PlaceOfUsers & { readonly userId: string },
): AsyncGenerator<string, void, undefined> {
  for await (const { message, line } of readEvents(channel, place)) {
    if (message.tags?.["user-id"] === userId) yield line;
  }
}

/**
 * The ids that the archive gives to the user called `login` in a channel: none if it does not know them,
 * several if the name changed hands.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function idsOf(
  login: string,
  { channel, store, hasher, signal }: PlaceOfUsers & { readonly channel: string },
): Promise<Set<string>> {
  const name = login.toLowerCase();
  const ids = new Set<string>();
  const isRedacted = (message: IrcMessage) => {
    for (const role of namedUsers(message)) {
      if (role.ids.length === 1 && role.names.includes(name)) ids.add(role.ids[0]!);
    }
    return false;
  };
  for await (const _ of scanChannel(channel, { store, hasher, isRedacted, signal }));
  return ids;
}
