import { hourPrefix, parseArchiveKey, redactionPrefix } from "../../../core/archive/archive_key.ts";
import { parseMessageLine, splitBatch } from "../../../core/batch/batch.ts";
import { contentKey, contentOfFields, sentUs } from "../../../core/batch/content.ts";
import type { Message } from "../../../core/batch/message.ts";
import { BatchSyntaxError } from "../../../core/errors/errors.ts";
import type { Redaction } from "../../../core/redaction/redaction.ts";
import {
  type RedactionMatcher,
  redactionMatcher,
} from "../../../core/redaction/redaction_matcher.ts";
import { Lru } from "../../../core/lru.ts";
import { formatHour } from "../../../core/archive/archive_key.ts";
import { parseJson } from "../../../core/json/parse_json.ts";
import { LINE_FEED } from "../../../core/bytes.ts";
import { splitReceivers } from "../../../core/merge/receiver_list.ts";
import { decodeSpan, toByteText } from "../../../core/scan/byte_text.ts";
import { NOT_FOUND, skipString } from "../../../core/scan/canonical_scan.ts";
import { type ExactLine, scanExactLine } from "../../../core/scan/exact_line.ts";
import { hourOf, type Micros } from "../../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import { loadRedaction } from "../../read/files/load_redactions.ts";
import { readEntry } from "../../read/files/read_entry.ts";
import { contentHash, contentHashOfLine } from "./content_hash.ts";

/** The messages of one hour of a channel that the archive holds, and those that are on their way there. */
export interface KnownHour {
  /** The `id` tags. */
  readonly ids: Set<string>;
  /** The contents, each as {@link contentHash} gives it. */
  readonly contents: Set<number>;
  /** Who reported them, each as {@link sightingName} gives it. */
  readonly sightings: Set<string>;
}

/** Names one receiver's report of a content. Of an exact content it has one, whenever that was received. */
export function sightingName(
  hash: number,
  { receiver, receivedS }: { readonly receiver: string; readonly receivedS: number | undefined },
): string {
  return `${hash} ${receiver} ${receivedS ?? ""}`;
}

/** A day of a channel that is not busy, or that many channels side by side. */
const HOURS_MAX = 26;

/** The hours that a file in order needs: the one before, its own, and the next. */
const HOURS_MIN = 3;

/** More messages than this are known for these hours only; each takes some 300 bytes. */
const MESSAGES_MAX = 300_000;

/** Knows what an archive holds, an hour at a time, so that an import adds only what is new. */
export class KnownMessages {
  readonly #options: AbortOptions & { readonly store: BatchStore; readonly hasher: Hasher };
  /** The least recently used first. */
  readonly #hours = new Map<string, KnownHour>();
  readonly #onForget: (name: string) => void;
  /** The hour that was asked for last: most messages follow one of the same hour. */
  #last:
    | { readonly channel: string; readonly hourUs: Micros; readonly known: KnownHour }
    | undefined;
  readonly #redactions = new Lru<string, RedactionMatcher>({ countMax: 1_000 });

  /** @param onForget called for each hour that gives way to another */
  constructor(
    options: AbortOptions & { readonly store: BatchStore; readonly hasher: Hasher },
    onForget: (name: string) => void,
  ) {
    this.#options = options;
    this.#onForget = onForget;
  }

  /** The hour of `timeUs`, if it was loaded. */
  hour(channel: string, timeUs: Micros): KnownHour | undefined {
    const hourUs = hourOf(timeUs);
    const last = this.#last;
    if (last !== undefined && last.hourUs === hourUs && last.channel === channel) return last.known;
    const name = hourName(channel, hourUs);
    const known = this.#hours.get(name);
    if (known === undefined) return undefined;
    this.#hours.delete(name);
    this.#hours.set(name, known);
    this.#last = { channel, hourUs, known };
    return known;
  }

  /** The redactions of a channel of which an hour was loaded. */
  redactions(channel: string): RedactionMatcher | undefined {
    return this.#redactions.get(channel);
  }

  /**
   * Reads the hour of `timeUs`. A file that cannot be read is passed over: nothing of it is known.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async load(channel: string, timeUs: Micros): Promise<void> {
    const { store, hasher, signal } = this.#options;
    if (this.#redactions.get(channel) === undefined) {
      this.#redactions.set(channel, redactionMatcher(await this.#loadRedactions(channel)));
    }
    const known: KnownHour = { ids: new Set(), contents: new Set(), sightings: new Set() };
    // Also what a tombstone hides: importing a message again must not bring it back.
    for await (const key of store.list(hourPrefix(channel, timeUs), { signal })) {
      if (parseArchiveKey(key)?.kind !== "batch") continue;
      const entry = await readEntry(key, { store, hasher, signal });
      if (entry?.ok !== true) continue;
      try {
        noteBatch(known, entry.bytes);
      } catch (error) {
        if (!(error instanceof BatchSyntaxError)) throw error;
      }
    }
    this.#makeRoom(known.contents.size);
    this.#hours.set(hourName(channel, timeUs), known);
    this.#last = undefined; // It may be the one that gave way.
  }

  #makeRoom(messages: number): void {
    let total = messages;
    for (const { contents } of this.#hours.values()) total += contents.size;
    for (const [name, { contents }] of this.#hours) {
      const { size } = this.#hours;
      if (size < HOURS_MIN || (size < HOURS_MAX && total <= MESSAGES_MAX)) return;
      this.#hours.delete(name);
      total -= contents.size;
      this.#onForget(name);
    }
  }

  async #loadRedactions(channel: string): Promise<Redaction[]> {
    const { store, hasher, signal } = this.#options;
    const redactions: Redaction[] = [];
    for await (const key of store.list(redactionPrefix(channel), { signal })) {
      const loaded = await loadRedaction(key, { store, hasher, signal });
      if (loaded?.ok === true) redactions.push(loaded.redaction);
    }
    return redactions;
  }
}

/** Names an hour of a channel: `forsen 2026-08-01T12`. */
export function hourName(channel: string, timeUs: Micros): string {
  return `${channel} ${formatHour(hourOf(timeUs))}`;
}

/**
 * Notes the messages of a batch. Most lines are what recorders write for exact messages: they are noted as bytes, as
 * parsing them takes most of the time of importing again.
 *
 * @throws {BatchSyntaxError} when a line is not a message.
 */
function noteBatch(known: KnownHour, bytes: Uint8Array): void {
  const text = toByteText(bytes);
  for (let at = 0, lineNumber = 1; at < bytes.length; lineNumber++) {
    const line = scanExactLine(text, at);
    if (line !== undefined && line.idFrom !== NOT_FOUND) {
      noteLine(known, line);
      at = line.to + 1;
      continue;
    }
    const feed = bytes.indexOf(LINE_FEED, at);
    const to = feed < 0 ? bytes.length : feed;
    for (const each of splitBatch(bytes.subarray(at, to))) {
      noteMessage(known, parseMessageLine(each, lineNumber));
    }
    at = to + 1;
  }
}

/** A line as bytes, noted as {@link noteMessage} notes it. */
function noteLine(known: KnownHour, line: ExactLine): void {
  const { bytes } = line.text;
  const hash = contentHashOfLine(line);
  known.contents.add(hash);
  const id = decodeSpan(bytes, line.idFrom, skipString(bytes, line.idFrom - 1) - 1);
  known.ids.add(unescaped(id));
  const { text, receiversFrom: from, receiversTo: to } = line;
  for (const receiver of splitReceivers({ text, from, to })) {
    const name = unescaped(decodeSpan(bytes, receiver.from + 1, receiver.idTo - 1));
    known.sightings.add(sightingName(hash, { receiver: name, receivedS: undefined }));
  }
}

function unescaped(text: string): string {
  return text.includes("\\") ? parseJson(`"${text}"`) as string : text;
}

function noteMessage(known: KnownHour, message: Message): void {
  const hash = contentHash(contentKey(contentOfFields(message)));
  known.contents.add(hash);
  const { tags } = message;
  if (tags !== null && Object.hasOwn(tags, "id")) known.ids.add(tags["id"]!);
  for (const name of sightingNames(hash, message)) known.sightings.add(name);
}

/** The names of all sightings of a message of a batch. */
export function sightingNames(hash: number, { tags, receivers }: Message): string[] {
  const isExact = sentUs(tags) !== undefined;
  return Object.entries(receivers).map(([receiver, heard]) => {
    const receivedS = typeof heard === "number" ? heard : heard.received;
    return sightingName(hash, { receiver, receivedS: isExact ? undefined : receivedS });
  });
}
