import { toDigestText } from "../../../core/archive/digest_text.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { Capture } from "../import_capture.ts";
import { ChatDownloaderCsvReader } from "../formats/chat_downloader_reader.ts";
import { ChatDownloaderLinesReader } from "../formats/chat_downloader_reader.ts";
import { ChatDownloaderReader } from "../formats/chat_downloader_reader.ts";
import { ChatterinoReader } from "../formats/chatterino_reader.ts";
import { ChattyReader } from "../formats/chatty_reader.ts";
import type { FormatReader, FoundEntry, FoundMessage } from "../formats/format_reader.ts";
import { LocalClock } from "../formats/parts/local_clock.ts";
import { RawLineReader } from "../formats/raw_line_reader.ts";
import { RecentMessagesReader } from "../formats/recent_messages_reader.ts";
import {
  HEAD_LENGTH,
  type ImportFormat,
  type NameFacts,
  recogniseFormat,
} from "../formats/recognise_format.ts";
import { StoredLinesReader } from "../formats/stored_lines_reader.ts";
import { TwitchDownloaderReader } from "../formats/twitch_downloader_reader.ts";
import type { MessageArchiver } from "./message_archiver.ts";

/** What is known of a file beside its text. */
export interface SourceFacts extends NameFacts {
  /** Its format; a capture is imported elsewhere. */
  readonly format: Exclude<ImportFormat, "capture">;
  /** The zone of clocks that do not tell theirs, as `Europe/Berlin`. @default UTC, or the file's header */
  readonly zone?: string | undefined;
  /**
   * What names the source whatever is added to it later, such as the id of a room. The receiver's id is made
   * from it. @default what the file begins with
   */
  readonly origin?: string | undefined;
}

/** How {@link archiveSource} works. */
export interface SourceOptions {
  readonly archiver: MessageArchiver;
  /** Names the receiver. */
  readonly hasher: Hasher;
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with the number of bytes that were read since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Archives the messages of one file of another tool. Memory does not grow with the file. They are safe once
 * the archiver is flushed.
 *
 * @throws {RangeError} when there is no such zone; what the source and the store throw.
 */
export async function archiveSource(
  source: Capture,
  facts: SourceFacts,
  { archiver, hasher, signal, onBytes }: SourceOptions,
): Promise<void> {
  const reader = readerOf(facts);
  let receiver = facts.origin === undefined
    ? undefined
    : await receiverOf(facts.format, facts.origin, hasher);
  const takeAll = async (entries: Iterable<FoundEntry>) => {
    for (const entry of entries) {
      const pending = archiver.take(entry, receiver!);
      if (pending !== undefined) await pending;
    }
  };
  let held = "";
  for await (const text of textOf(source, { signal, onBytes })) {
    held += text;
    if (receiver === undefined) {
      if (!hasBegun(held)) continue;
      receiver = await receiverOf(facts.format, beginOf(held), hasher);
    }
    await takeAll(reader.push(held));
    held = "";
  }
  receiver ??= await receiverOf(facts.format, beginOf(held), hasher);
  await takeAll(reader.push(held));
  await takeAll(reader.end({ isTorn: source.isTorn?.() ?? false }));
}

/** How many messages are sorted at once. */
const SORTED_MAX = 20_000;

/**
 * Archives files of raw lines that hold the same stretch of time each, as justlog's files of a month's users: their
 * messages are sorted, some thousand at a time, so that a minute does not become a file a user.
 */
export class UserFilesArchiver {
  readonly #roomId: string;
  readonly #options: SourceOptions;
  #receiver: string | undefined;
  #found: FoundMessage[] = [];

  /** For files of the room with this id. */
  constructor(roomId: string, options: SourceOptions) {
    this.#roomId = roomId;
    this.#options = options;
  }

  /**
   * Takes a file.
   *
   * @throws what the source and the store throw.
   */
  async add(source: Capture): Promise<void> {
    const reader = new RawLineReader();
    const { signal, onBytes } = this.#options;
    for await (const text of textOf(source, { signal, onBytes })) {
      await this.#note(reader.push(text));
    }
    await this.#note(reader.end({ isTorn: source.isTorn?.() ?? false }));
  }

  /** Takes what is left. It is safe once the archiver is flushed. */
  async end(): Promise<void> {
    const { archiver, hasher } = this.#options;
    this.#receiver ??= await receiverOf("justlog", this.#roomId, hasher);
    const found = this.#found.sort((a, b) => a.startUs - b.startUs);
    this.#found = [];
    for (const entry of found) {
      const pending = archiver.take(entry, this.#receiver);
      if (pending !== undefined) await pending;
    }
  }

  async #note(entries: Iterable<FoundEntry>): Promise<void> {
    for (const entry of entries) {
      if (entry.kind === "message") this.#found.push(entry);
      else await this.#options.archiver.take(entry, "");
    }
    if (this.#found.length >= SORTED_MAX) await this.end();
  }
}

async function* textOf(
  source: Capture,
  { signal, onBytes }: Pick<SourceOptions, "signal" | "onBytes">,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8");
  for await (const bytes of source.open()) {
    signal?.throwIfAborted();
    onBytes?.(bytes.length);
    // A gzip of zeros unpacks to large pieces, of which few are read at once.
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      yield decoder.decode(bytes.subarray(at, at + PIECE_BYTES), { stream: true });
    }
  }
  yield decoder.decode();
}

const PIECE_BYTES = 65_536;

/** The format of a file, from its first bytes. */
export async function recogniseSource(source: Capture): Promise<ImportFormat> {
  const decoder = new TextDecoder("utf-8");
  let head = "";
  for await (const bytes of source.open()) {
    head += decoder.decode(bytes.subarray(0, HEAD_LENGTH), { stream: true });
    if (head.length >= HEAD_LENGTH) break;
  }
  return recogniseFormat(head.slice(0, HEAD_LENGTH));
}

const BEGIN_LENGTH = 1_024;

/** Whether the part of a text is there that names it. */
function hasBegun(text: string): boolean {
  return text.length >= BEGIN_LENGTH || text.indexOf("\n", text.indexOf("\n") + 1) > 0;
}

/** A log that is written on begins as before: its first lines name it. */
function beginOf(text: string): string {
  return text.split("\n", 2).join("\n").slice(0, BEGIN_LENGTH);
}

async function receiverOf(format: string, origin: string, hasher: Hasher): Promise<string> {
  const digest = await hasher.digest(new TextEncoder().encode(`${format}\n${origin}`));
  const letters = toDigestText(digest).replace(/[-_]/g, "").slice(0, 5);
  return `import.${letters}.1`;
}

function readerOf({ format, channel, date, zone }: SourceFacts): FormatReader {
  switch (format) {
    case "justlog":
      return new RawLineReader();
    case "chatloom":
      return new StoredLinesReader();
    case "twitchdownloader":
      return new TwitchDownloaderReader({ channel });
    case "recent-messages":
      return new RecentMessagesReader();
    case "chat-downloader":
      return new ChatDownloaderReader({ channel });
    case "chat-downloader-lines":
      return new ChatDownloaderLinesReader({ channel });
    case "chat-downloader-csv":
      return new ChatDownloaderCsvReader({ channel });
    case "chatterino":
      return new ChatterinoReader({ channel, date, clock: new LocalClock(zone ?? "UTC") });
    case "chatty":
      return new ChattyReader({
        channel,
        clock: zone === undefined ? undefined : new LocalClock(zone),
      });
  }
}
