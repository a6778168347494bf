import type { ArchiveKey } from "../core/archive/archive_key.ts";
import type { Message } from "../core/batch/message.ts";
import { readEvents, type ReadEventsOptions } from "../engine/read/read_events.ts";
import type { AbortOptions } from "../ports/batch_store.ts";
import type { Archive } from "./wiring/archive.ts";
import { checkKnown, toChannel } from "./channels.ts";
import { type Instant, toDate, toMicros } from "./instant.ts";

/** What {@link read} reads. */
export interface ReadOptions extends AbortOptions {
  /** Messages that can have been sent at this or later. @default all */
  readonly from?: Instant;
  /** Messages that can have been sent before this. @default all */
  readonly until?: Instant;
  /** Called for each file that cannot be used; the others are read. */
  readonly onLeftOut?: (key: ArchiveKey) => void;
}

/** A message of an archive. */
export interface ReadMessage {
  /** The message, with who received it when. */
  readonly message: Message;
  /** It was not sent before this, cut to milliseconds. The same as `latest` if Twitch gave the time. */
  readonly earliest: Date;
  /** It was not sent after this, cut to milliseconds. */
  readonly latest: Date;
  /** The line of the file: canonical JSON, without the line feed. */
  readonly line: string;
}

/**
 * Yields the messages of a channel in order, each once, whether the archive is settled or not, and
 * while other processes record into it. Redacted messages are left out. Memory does not grow with the
 * archive.
 *
 * @throws {TypeError} when `from` or `until` is a number; `RangeError` when it is no time, or `channel`
 * is no name. Both at once, not at the first message.
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the archive has no such channel; when the disk fails.
 */
export function read(
  archive: Archive,
  channel: string,
  { from, until, ...options }: ReadOptions = {},
): AsyncIterable<ReadMessage> {
  const { name } = toChannel(channel);
  const fromUs = from === undefined ? undefined : toMicros(from, "from");
  const untilUs = until === undefined ? undefined : toMicros(until, "until");
  return readKnown(archive, name, { fromUs, untilUs, ...options });
}

async function* readKnown(
  archive: Archive,
  channel: string,
  options: AbortOptions & Pick<ReadEventsOptions, "fromUs" | "untilUs" | "onLeftOut">,
): AsyncGenerator<ReadMessage, void, undefined> {
  await checkKnown(archive, [channel], options);
  const { store, hasher, reporter } = archive;
  for await (const event of readEvents(channel, { store, hasher, reporter, ...options })) {
    const { message, line, startUs, endUs } = event;
    yield { message, earliest: toDate(startUs), latest: toDate(endUs), line };
  }
}
