import { collect } from "../../async/collect.ts";
import { type ArchiveKey, isChannelName, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { UnreadableEntryError } from "../../core/errors/errors.ts";
import { loginDigest } from "../../core/redaction/login_digest.ts";
import type { OptOutNote } from "../../ports/notes/opt_out_notes.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
import { channelsOf, type EraseOptions } from "./erase_user.ts";

/** What was erased of a channel. */
export interface ErasedChannel {
  /** Files that were deleted. */
  readonly files: number;
  /** Files and folders that could not be read or deleted. */
  readonly unseen: number;
}

/** A recorder or settler on the archive that stores what it held already does so this often at most. */
const TRIES_MAX = 100;

/**
 * Erases a channel that has opted out from this archive: finds the logins that it bore, and deletes its chat and
 * its coverage. Redactions stay: they hold nothing that was said, and without them a channel that is recorded
 * again could get back from a peer what others asked to forget. Doing it again, as after a crash, finishes it.
 *
 * A folder in which another room spoke too, because a login changed hands, loses the files of this room alone.
 * The login counts as opted out if this room bore it last.
 *
 * The note must be in the book, so that nothing new of the channel is recorded meanwhile.
 *
 * @throws {ChatloomError} when the store or a note fails.
 */
export async function eraseChannel(
  note: OptOutNote,
  options: EraseOptions,
): Promise<ErasedChannel> {
  const { book, storeReceived = () => Promise.resolve() } = options;
  await storeReceived();
  const digests = new Set(note.logins);
  for (const channel of await channelsOf(options)) {
    const { newestId } = await lookAt(channel, { note, options });
    if (newestId === note.id) digests.add(loginDigest(channel));
  }
  const found: OptOutNote = { ...note, logins: [...digests].sort(), isDone: false };
  await book.put(found);
  // Lines that tell no room-id came only until now.
  await storeReceived();
  let files = 0;
  let unseen = 0;
  for (const channel of await channelsOf(options)) {
    const done = await eraseFolder(channel, { note: found, options });
    files += done.files;
    unseen += done.unseen;
  }
  await options.onErased?.();
  await book.put({ ...found, isDone: true });
  return { files, unseen };
}

/**
 * The id of the room that a channel's folder was of last; `undefined` if the archive does not know.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function newestRoomOf(
  channel: string,
  options: EraseOptions,
): Promise<string | undefined> {
  let newest: string | undefined;
  if (!isChannelName(channel)) return undefined;
  for await (const key of options.store.list(`${channel}/chat/`, { signal: options.signal })) {
    newest = (await roomIdsIn(key, options)).at(-1) ?? newest;
  }
  return newest;
}

/**
 * Deletes what came into the folders of a channel after it was erased: a fetch from a peer or a settler's write that
 * had begun before. Looks at folders of its own logins only.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function eraseLate(note: OptOutNote, options: EraseOptions): Promise<void> {
  const { signal } = options;
  for (const channel of await channelsOf(options)) {
    if (!note.logins.includes(loginDigest(channel))) continue;
    const store = tolerantStore(options.store, () => {});
    for await (const _ of store.list(`${channel}/chat/`, { signal })) {
      await eraseFolder(channel, { note, options });
      break;
    }
  }
}

interface Erasure {
  readonly note: OptOutNote;
  readonly options: EraseOptions;
}

async function eraseFolder(
  channel: string,
  { note, options }: Erasure,
): Promise<ErasedChannel> {
  let files = 0;
  for (let tries = 0;; tries++) {
    const { own, isSole, unseen, others } = await lookAt(channel, { note, options });
    const isNamed = note.logins.includes(loginDigest(channel));
    // A batch that tells no room is of the folder's owner.
    const doomed = isSole && isNamed ? [...own, ...others] : own;
    let failed = 0;
    for (const key of doomed) {
      try {
        await options.store.delete(key, { signal: options.signal });
        files++;
      } catch (error) {
        if (!(error instanceof UnreadableEntryError)) throw error;
        failed++;
      }
    }
    if (doomed.length === failed || tries === TRIES_MAX) return { files, unseen: unseen + failed };
  }
}

/** Whose the files of a folder are. */
async function lookAt(channel: string, { note, options }: Erasure) {
  const { signal } = options;
  let unseen = 0;
  const store = tolerantStore(options.store, () => unseen++);
  const own: ArchiveKey[] = [];
  const others: ArchiveKey[] = await collect(
    store.list(`${channel}/.chatloom/coverage/`, { signal }),
  );
  let isSole = true;
  let newestId: string | undefined;
  for await (const key of store.list(`${channel}/chat/`, { signal })) {
    const ids = parseArchiveKey(key)?.kind === "batch" ? await roomIdsIn(key, options) : [];
    newestId = ids.at(-1) ?? newestId;
    if (ids.includes(note.id)) own.push(key);
    else if (ids.length > 0) isSole = false;
    else others.push(key);
  }
  return { own, others, isSole, newestId, unseen };
}

/** The rooms that a batch names, in the order of its lines. Quotes in what was said are escaped there. */
async function roomIdsIn(
  key: ArchiveKey,
  { store, signal }: EraseOptions,
): Promise<string[]> {
  try {
    const text = new TextDecoder().decode(await store.get(key, { signal }));
    return [...text.matchAll(/"room-id":"([0-9]{1,20})"/g)].map(([, id]) => id!);
  } catch (error) {
    if (!(error instanceof UnreadableEntryError)) throw error;
    return []; // It goes with the folder.
  }
}
