import type { EmoteProvider, WordEmote } from "../../core/media/emote_set.ts";
import type { PictureType } from "../../core/media/picture_type.ts";
import type { Micros } from "../../core/time.ts";

/** What stood at an address at one time. */
export interface MediaVersion {
  /** When it was fetched. */
  readonly fetchedUs: Micros;
  /** The SHA-256 of the bytes, as file names have it. */
  readonly hash: string;
  /** What the bytes are. */
  readonly type: PictureType;
}

/** Where chat names an address. */
export interface MediaPlace {
  /** Its login. */
  readonly channel: string;
  /** The start of the message's minute. */
  readonly minuteUs: Micros;
}

/** What is known of an address. */
export interface MediaSource {
  /** The address. */
  readonly url: string;
  /** What stood there, oldest first. */
  readonly versions: readonly MediaVersion[];
  /** The last time that it could not be had, and why. */
  readonly failure?: { readonly atUs: Micros; readonly reason: string } | undefined;
  /** Of a link, where chat names it: some places of many. Of an emote none. */
  readonly places: readonly MediaPlace[];
}

/** The emotes of a provider that a channel had at one time. */
export interface TakenSet {
  /** Whose they are. */
  readonly provider: EmoteProvider;
  /** When the provider told them. */
  readonly takenUs: Micros;
  /** In the provider's order, of equal names the first. */
  readonly emotes: readonly WordEmote[];
}

/**
 * Pictures that belong to chat, each under its SHA-256, and where they came from. All is the node's own: nothing of it
 * travels to peers. Every method throws a `ChatloomError` when the store fails.
 */
export interface MediaStore {
  /** The bytes of that SHA-256, unchecked; `undefined` if they are not there. */
  getObject(hash: string): Promise<Uint8Array | undefined>;
  /** Stores bytes under their SHA-256: safe from a power cut when it resolves. */
  putObject(hash: string, bytes: Uint8Array): Promise<void>;
  /** Deletes them, if they are there. */
  deleteObject(hash: string): Promise<void>;
  /** What is known of an address. */
  source(url: string): Promise<MediaSource | undefined>;
  /** Stores what is known of an address, in place of what was. */
  putSource(source: MediaSource): Promise<void>;
  /** Forgets an address. */
  deleteSource(url: string): Promise<void>;
  /** All addresses, in no order. */
  sources(): AsyncIterable<MediaSource>;
  /** The sets of a channel, oldest first. */
  sets(channel: string): Promise<TakenSet[]>;
  /** Adds a set. */
  putSet(channel: string, set: TakenSet): Promise<void>;
}
