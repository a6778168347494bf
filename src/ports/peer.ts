import type { ArchiveKey } from "../core/archive/archive_key.ts";
import type { AbortOptions } from "./batch_store.ts";

/** The digests of a channel, as a peer gives them. */
export interface PeerChannelDigest {
  /** The digest of all the others: equal digests mean equal lists of files. */
  readonly digest: string;
  /** The digest of the names of the redactions. */
  readonly redactions: string;
  /** Hour → digest of the names of its batches and tombstones. */
  readonly hours: ReadonlyMap<string, string>;
  /** Hour → digest of the names of its coverage; empty if the peer has none or does not say. */
  readonly coverage: ReadonlyMap<string, string>;
}

/** The hours of a request. */
export interface SinceOptions extends AbortOptions {
  /** Leaves out the hours before this one, such as `2026-08-01T12`; `""` leaves out none. */
  readonly since: string;
}

/** The limit on a file. */
export interface ReadPeerOptions extends AbortOptions {
  /** A longer file is refused as early as possible. */
  readonly maxBytes: number;
}

/**
 * Another node's archive, as far as it lets us look. Nothing it says is trusted: names are any
 * texts, bytes any bytes. Callers may rely only on bounds: every response is bounded in size and in time.
 *
 * All calls may run beside each other. They reject with a `ChatloomError`: `CONNECTION_LOST` when the
 * peer cannot be reached, breaks off or is too slow; `PEER_REFUSED` when it answers with something
 * other than what was asked, or with too much. A call whose `signal` aborts rejects with its reason.
 * Implementations prove themselves with `peerSuite`.
 */
export interface Peer {
  /** Its name in logs and counters, which holds no secret. */
  readonly name: string;

  /** The names of its channels, in any order. */
  channels(options?: AbortOptions): Promise<readonly string[]>;

  /** The names of a channel's hours, in any order; none if it has no such channel. */
  hours(channel: string, options?: AbortOptions): Promise<readonly string[]>;

  /**
   * The names of the files in a folder of a channel, in any order; none if there is no such folder.
   * `folder` is the part of their keys between the channel and the name: `chat/2026-08-01T12`,
   * `.chatloom/redactions` or `.chatloom/coverage/2026-08-01T12`. Tombstones are among the files of an
   * hour of chat. A peer that keeps redactions where the first version did gives those.
   */
  files(channel: string, folder: string, options?: AbortOptions): Promise<readonly string[]>;

  /** Channel → digest, or `undefined` if this peer knows no digests. */
  digests(options: SinceOptions): Promise<ReadonlyMap<string, string> | undefined>;

  /** The digests of a channel, or `undefined` if this peer knows none. */
  channelDigest(channel: string, options: SinceOptions): Promise<PeerChannelDigest | undefined>;

  /**
   * Yields the bytes of a file in chunks, each valid until the next one is requested, or resolves with
   * `undefined` if the peer has no such file. A caller that stops early releases the rest by ending the iteration. It may
   * throw what calls reject with; after the last chunk the file is whole, as far as the peer says.
   */
  read(
    key: ArchiveKey,
    options: ReadPeerOptions,
  ): Promise<AsyncIterable<Uint8Array> | undefined>;

  /**
   * Yields the events of the peer's feed as they come, or resolves with `undefined` if it has none. Ends
   * with the connection. Left out by peers that have no feed.
   */
  live?(options: LivePeerOptions): Promise<AsyncIterable<PeerEvent> | undefined>;
}

/** An event of a peer's feed. */
export interface PeerEvent {
  /** What to hand back to go on behind it, if it has one. */
  readonly id: string | undefined;
  /** `message`, unless the peer named it otherwise. */
  readonly name: string;
  /** Its text; none where only the id counts, or the stream is shown to live. */
  readonly data: string | undefined;
}

/** What is wanted of a feed. */
export interface LivePeerOptions extends AbortOptions {
  /** The query of the request: channels and filters. */
  readonly query: URLSearchParams;
  /** The id of the last event. @default only what comes from now on */
  readonly after?: string | undefined;
}
