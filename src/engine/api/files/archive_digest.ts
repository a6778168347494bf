import { collect } from "../../../async/collect.ts";
import {
  type ArchiveKey,
  coveragePrefix,
  hourPrefix,
  parseHour,
  redactionPrefix,
} from "../../../core/archive/archive_key.ts";
import { toDigestText } from "../../../core/archive/digest_text.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import { channelHours } from "../../read/channel_hours.ts";
import { hiddenAmong } from "../../read/files/minute_listing.ts";

/** The digest of a channel: equal digests mean equal lists of files. */
export interface ChannelDigest {
  /**
   * SHA-256 of the lines `HOUR DIGEST` of all hours of chat, ascending, `coverage HOUR DIGEST` of all
   * hours of coverage, ascending, and `redactions DIGEST`, each ended by a line feed.
   */
  readonly digest: string;
  /** Of the names of the redactions, as in `folderDigest`. */
  readonly redactions: string;
  /** Hour → `folderDigest` of its batches and tombstones. Hours without any are left out. */
  readonly hours: { readonly [hour: string]: string };
  /** Hour → `folderDigest` of its coverage. Hours without any are left out. */
  readonly coverage: { readonly [hour: string]: string };
}

/** What digests are made with. */
export interface DigestOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** Leaves out the hours before this one, such as `2026-08-01T12`. */
  readonly since?: string | undefined;
}

const UTF8 = new TextEncoder();

/**
 * The digest of one folder's files: SHA-256, in base64url, of the names that
 * `/files/CHANNEL/chat/HOUR?tombstones=true` and its like list, ascending, each ended by a line feed. It leaves out hidden batches, so that a peer that never had them is equal.
 */
async function folderDigest(keys: readonly ArchiveKey[], hasher: Hasher): Promise<string> {
  const isHidden = hiddenAmong(keys);
  const names = keys.filter((key) => !isHidden(key))
    .map((key) => `${key.slice(key.lastIndexOf("/") + 1)}\n`);
  return await digestOf(names.join(""), hasher);
}

/**
 * The digest of a channel, made by listing all its hours.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function channelDigest(
  channel: string,
  { store, hasher, since = "" }: DigestOptions,
): Promise<ChannelDigest> {
  const hours: [string, string][] = [];
  const coverage: [string, string][] = [];
  for (const hour of await channelHours(channel, { store })) {
    if (hour < since) continue;
    const hourUs = parseHour(hour)!;
    const chat = await collect(store.list(hourPrefix(channel, hourUs)));
    if (chat.length > 0) hours.push([hour, await folderDigest(chat, hasher)]);
    const heard = await collect(store.list(coveragePrefix(channel, hourUs)));
    if (heard.length > 0) coverage.push([hour, await folderDigest(heard, hasher)]);
  }
  const orders = await collect(store.list(redactionPrefix(channel)));
  const redactions = await folderDigest(orders, hasher);
  const lines = [
    ...hours.map((pair) => pair.join(" ")),
    ...coverage.map((pair) => `coverage ${pair.join(" ")}`),
    `redactions ${redactions}`,
  ];
  const digest = await digestOf(lines.map((line) => `${line}\n`).join(""), hasher);
  return {
    digest,
    redactions,
    hours: Object.fromEntries(hours),
    coverage: Object.fromEntries(coverage),
  };
}

async function digestOf(text: string, hasher: Hasher): Promise<string> {
  return toDigestText(await hasher.digest(UTF8.encode(text)));
}
