import { hourPrefix, parseArchiveKey, redactionPrefix } from "../../../core/archive/archive_key.ts";
import { decodeBatch } from "../../../core/batch/batch.ts";
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
import { hourOf, type Micros } from "../../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import { loadRedaction } from "../../read/files/load_redactions.ts";
import { readEntry } from "../../read/files/read_entry.ts";

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

/** A number of 53 bits that stands for a content. */
export function contentHash(text: string): number {
  let [high, low] = [0x9e3779b9, 0x85ebca6b];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return 0x1_0000_0000 * (high & 0x1f_ffff) + (low >>> 0);
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
        for (const message of decodeBatch(entry.bytes)) noteMessage(known, message);
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
