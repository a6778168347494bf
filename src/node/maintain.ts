import { ChatloomError } from "../core/errors/errors.ts";
import { importCapture, type Imported } from "../engine/import/import_capture.ts";
import type { RedactedUser } from "../core/redaction/redaction.ts";
import { findLogins, redact as redactChannel, type Redacted } from "../engine/redact/redact.ts";
import { settleArchive, type SettledArchive } from "../engine/settle/settle_archive.ts";
import type { Finding } from "../engine/verify/finding.ts";
import { verifyArchive, type VerifyTotals } from "../engine/verify/verify_archive.ts";
import type { AbortOptions } from "../ports/batch_store.ts";
import { type Archive, writableStore } from "./wiring/archive.ts";
import { dropStaleHours } from "./wiring/index_parts.ts";
import { openCapture } from "./wiring/captures/capture_file.ts";
import { checkKnown, toChannel } from "./channels.ts";
import { type Instant, toMicros } from "./instant.ts";

/** The channels to work on. */
export interface ChannelsOptions extends AbortOptions {
  /** Only these. @default all */
  readonly channels?: readonly string[];
}

/** What {@link settle} settles. */
export interface SettleChannelsOptions extends ChannelsOptions {
  /** Only hours that hold this or come later. @default all */
  readonly from?: Instant;
}

/**
 * Merges the files of each minute into one, in the normal form. Other processes may record meanwhile.
 *
 * @throws {TypeError} when `from` is a number.
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the archive has no such channel; when it cannot be
 * written or listed.
 */
export async function settle(
  archive: Archive,
  { channels, from, signal }: SettleChannelsOptions = {},
): Promise<SettledArchive> {
  const fromUs = from === undefined ? undefined : toMicros(from, "from");
  const only = await knownChannels(archive, channels, { signal });
  const { store } = await writableStore(archive, { signal });
  const { parts, hasher, reporter } = archive;
  const { lock, settled: notes } = parts;
  return await settleArchive({ store, hasher, lock, reporter, notes, ...only, fromUs, signal });
}

/**
 * Checks names, hashes, form, order and state of an archive's files and yields faults, and
 * notes: see `NOTE_KINDS`. Writes nothing. Returns how much was checked.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the archive has no such channel; when the disk fails.
 */
export async function* verify(
  archive: Archive,
  { channels, signal }: ChannelsOptions = {},
): AsyncGenerator<Finding, VerifyTotals> {
  const only = await knownChannels(archive, channels, { signal });
  const { store, hasher } = archive;
  let [files, messages] = [0, 0];
  for (const prefix of only.channels?.map((name) => `${name}/`) ?? [""]) {
    const totals = yield* verifyArchive({ store, hasher, prefix, signal });
    files += totals.files;
    messages += totals.messages;
  }
  return { files, messages };
}

/** What {@link redact} should forget, and why. */
export type RedactOrder =
  & {
    /** Why. The reason travels with the order. */
    readonly reason: string;
  }
  & (
    | {
      /** The `id` tag of a message. */
      readonly id: string;
    }
    | {
      /** The `user-id` tag of a user's messages. */
      readonly userId: string;
      /** Names of the user beside those that stand in the archive, in any case. */
      readonly logins?: readonly string[];
      /** Only older messages. @default all messages, also future ones */
      readonly before?: Instant;
    }
  );

/**
 * Has a channel forget a message or a user, here and on all peers: stores the order, then rewrites
 * the files that hold a match. Redacting again finishes interrupted work.
 *
 * @throws {TypeError} when `before` is a number, or the order names neither a message nor a user.
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the archive has no such channel; when it cannot be
 * written.
 */
export async function redact(
  archive: Archive,
  channel: string,
  order: RedactOrder,
  { signal }: AbortOptions = {},
): Promise<Redacted> {
  const { name } = toChannel(channel);
  const { reason } = order;
  if (typeof reason !== "string") throw new TypeError('Cannot redact: "reason" must be text');
  const isUser = "userId" in order;
  const named = isUser ? order.userId : order.id;
  if (typeof named !== "string" || named === "" || isUser === "id" in order) {
    throw new TypeError('Cannot redact: name either the "id" of a message or a "userId"');
  }
  const beforeUs = isUser && order.before !== undefined
    ? toMicros(order.before, "before")
    : undefined;
  await checkKnown(archive, [name], { signal });
  const { store } = await writableStore(archive, { signal });
  const { parts, hasher, clock, reporter } = archive;
  const target = isUser
    ? await userTarget(name, { userId: order.userId, beforeUs, logins: order.logins ?? [] }, {
      store,
      hasher,
      signal,
    })
    : { kind: "message" as const, id: order.id };
  const { lock } = parts;
  const options = { store, hasher, clock, reporter, lock, signal };
  try {
    return await redactChannel(name, { target, reason }, options);
  } finally {
    await dropStaleHours(name, { place: archive.parts.index, store, hasher, reporter });
  }
}

/**
 * The target of an order to forget a user, with the names that stand in the archive and those in
 * `logins`: JOIN and PART bear no user's id.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function userTarget(
  channel: string,
  { userId, beforeUs, logins }: Pick<RedactedUser, "userId" | "beforeUs" | "logins">,
  options: Parameters<typeof findLogins>[2],
): Promise<RedactedUser> {
  const found = await findLogins(channel, { userId, beforeUs }, options);
  const names = new Set([...found, ...logins.map((each) => each.toLowerCase())]);
  return { kind: "user", userId, logins: [...names].sort(), beforeUs };
}

/** How {@link importFile} imports. */
export interface ImportFileOptions extends AbortOptions {
  /** Called now and then with the number of lines done. */
  readonly onProgress?: (lines: number) => void;
}

/**
 * Puts a capture into an archive as if it had been recorded: a file with a raw line of IRC in each
 * line, gzipped or not, with or without its received time in front; or a journal. Importing it again
 * changes nothing.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the file cannot be read or tells no time, or is a torn or
 * damaged gzip (the part that could be decompressed is archived by then); when the archive cannot be written.
 */
export async function importFile(
  archive: Archive,
  path: string,
  options: ImportFileOptions = {},
): Promise<Imported> {
  const { hasher, reporter } = archive;
  const { store } = await writableStore(archive, options);
  const capture = await openCapture(path, options.signal ?? new AbortController().signal);
  try {
    const done = await importCapture(capture, { store, hasher, reporter, ...options });
    const { fault } = capture;
    if (fault === "torn" || fault === "damaged") {
      throw new ChatloomError(
        "INPUT_UNREADABLE",
        `Cannot read all of "${path}": it is ${fault}; the part that could be decompressed is archived`,
      );
    }
    return done;
  } finally {
    await capture[Symbol.asyncDispose]();
  }
}

async function knownChannels(
  archive: Archive,
  channels: readonly string[] | undefined,
  options: AbortOptions,
): Promise<{ readonly channels?: readonly string[] }> {
  if (channels === undefined) return {};
  const names = channels.map((channel) => toChannel(channel).name);
  await checkKnown(archive, names, options);
  return { channels: names };
}
