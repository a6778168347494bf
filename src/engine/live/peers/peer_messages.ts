import { isChannelName, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import { contentOfFields, sentUs } from "../../../core/batch/content.ts";
import { parseMessageLine } from "../../../core/batch/batch.ts";
import { BatchSyntaxError } from "../../../core/errors/errors.ts";
import { SightingSet } from "../../../core/merge/sighting_set.ts";
import {
  fromSeconds,
  type Micros,
  MINUTE_US,
  minuteOf,
  readRange,
  TIME_END_US,
} from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { ReceivedMessage } from "../../record/received_message.ts";
import type { UnstoredMinute, UnstoredSource } from "../../record/unstored/unstored_source.ts";

/** What a {@link PeerMessages} works with. */
export interface PeerMessagesOptions {
  readonly clock: Clock;
  /** Gets each message that is taken. */
  readonly onMessage: (received: ReceivedMessage) => void;
  /** How many bytes of messages are held of one peer. @default 16 MiB */
  readonly peerMaxBytes?: number | undefined;
}

const PEER_MAX_BYTES = 16 * 1024 * 1024;
/** What is older comes with the files. */
const AGE_MAX_US: Micros = 15 * MINUTE_US;
/** Nodes' clocks differ. */
const AHEAD_MAX_US: Micros = 5 * MINUTE_US;
/** A minute goes this long after sync brought a file of it: other recorders' files may come later. */
const FILED_US: Micros = 3 * MINUTE_US;

interface PeerMinute {
  readonly peer: string;
  readonly channel: string;
  readonly minuteUs: Micros;
  readonly sightings: SightingSet;
  readonly identity: object;
  version: number;
  bytes: number;
  /** Since when the archive has a file of it. */
  filedUs: Micros | undefined;
}

/**
 * What the feeds of peers told, until sync brings the files: as sightings, so that merging makes each message
 * one with what this node heard itself. It is read by readers of chat, and never stored. What a peer says is
 * checked as a line of a file is, and bounded: of each peer the oldest goes first.
 */
export class PeerMessages implements UnstoredSource {
  readonly #options: PeerMessagesOptions;
  /** By peer, channel and minute; the oldest entry first. */
  readonly #minutes = new Map<string, PeerMinute>();
  readonly #heldBytes = new Map<string, number>();

  /** Holds nothing. */
  constructor(options: PeerMessagesOptions) {
    this.#options = options;
  }

  /** How many bytes of messages are held. */
  get heldBytes(): number {
    let bytes = 0;
    for (const each of this.#heldBytes.values()) bytes += each;
    return bytes;
  }

  /**
   * Takes a line of the feed of `peer`; returns why it is refused, if it is. One that is too old is left
   * out without a word: it comes with the files.
   */
  take(peer: string, line: string): string | undefined {
    const { clock } = this.#options;
    const bytes = UTF8.encode(`${line}\n`);
    const sightings = new SightingSet();
    let message;
    try {
      message = parseMessageLine(line, 1);
      sightings.add(bytes, { isOwned: true });
    } catch (error) {
      if (!(error instanceof BatchSyntaxError)) throw error;
      return error.reason;
    }
    const channel = message.params[0]?.replace(/^#/, "") ?? "";
    if (message.params[0] !== `#${channel}` || !isChannelName(channel)) return "it has no channel";
    const range = readRange(message);
    const minuteUs = minuteOf(range.startUs);
    if (!(range.startUs >= 0 && range.endUs < TIME_END_US)) return "its time is out of range";
    if (!sightings.fitsMinute(minuteUs)) return "its sightings are of another minute";
    const nowUs = clock.wallUs();
    if (range.startUs > nowUs + AHEAD_MAX_US) return "it is ahead of this node's clock";
    if (range.startUs < nowUs - AGE_MAX_US) return undefined;
    this.#add({ peer, channel, minuteUs }, sightings, bytes.length);
    const [receiver = "", entry = 0] = Object.entries(message.receivers)[0] ?? [];
    const receivedS = typeof entry === "number" ? entry : entry.received;
    this.#options.onMessage({
      ...{ channel, receiver, receivedUs: fromSeconds(receivedS), arrivedUs: nowUs, ...range },
      isExact: sentUs(message.tags) !== undefined,
      content: () => contentOfFields({ ...message }),
    });
    return undefined;
  }

  /** Notes that the archive has this file now. */
  noteStored(key: string): void {
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch") return;
    for (const minute of this.#minutes.values()) {
      if (minute.channel !== parts.channel || minute.minuteUs !== parts.minuteUs) continue;
      minute.filedUs ??= this.#options.clock.elapsedUs();
    }
  }

  /** See {@link UnstoredSource}. */
  *channels(): Iterable<string> {
    for (const { channel } of this.#minutes.values()) yield channel;
  }

  /** See {@link UnstoredSource}. */
  *minutesOf(channel: string): Iterable<UnstoredMinute> {
    this.#sweep();
    for (const each of this.#minutes.values()) {
      if (each.channel !== channel) continue;
      const { minuteUs, identity, version, sightings } = each;
      yield { minuteUs, identity, version, snapshot: () => sightings.encode() };
    }
  }

  #add(
    place: Pick<PeerMinute, "peer" | "channel" | "minuteUs">,
    sightings: SightingSet,
    bytes: number,
  ): void {
    const { peer, channel, minuteUs } = place;
    const key = `${peer} ${channel} ${minuteUs}`;
    const known = this.#minutes.get(key);
    // A line that comes again adds nothing.
    if (known?.sightings.includes(sightings)) return;
    const minute: PeerMinute = known ?? {
      ...place,
      sightings: new SightingSet(),
      identity: {},
      version: 0,
      bytes: 0,
      filedUs: undefined,
    };
    if (known === undefined) this.#minutes.set(key, minute);
    minute.sightings.addAll(sightings);
    minute.version++;
    minute.bytes += bytes;
    this.#heldBytes.set(peer, (this.#heldBytes.get(peer) ?? 0) + bytes);
    this.#evict(peer);
    this.#sweep();
  }

  #evict(peer: string): void {
    const { peerMaxBytes = PEER_MAX_BYTES } = this.#options;
    for (const [key, minute] of this.#minutes) {
      if ((this.#heldBytes.get(peer) ?? 0) <= peerMaxBytes) return;
      if (minute.peer === peer) this.#drop(key, minute);
    }
  }

  #sweep(): void {
    const { clock } = this.#options;
    const oldestUs = minuteOf(Math.max(0, clock.wallUs() - AGE_MAX_US));
    const nowUs = clock.elapsedUs();
    for (const [key, minute] of this.#minutes) {
      const isFiled = minute.filedUs !== undefined && nowUs - minute.filedUs >= FILED_US;
      if (isFiled || minute.minuteUs < oldestUs) this.#drop(key, minute);
    }
  }

  #drop(key: string, { peer, bytes }: PeerMinute): void {
    this.#minutes.delete(key);
    const left = (this.#heldBytes.get(peer) ?? 0) - bytes;
    if (left > 0) this.#heldBytes.set(peer, left);
    else this.#heldBytes.delete(peer);
  }
}

const UTF8 = new TextEncoder();
