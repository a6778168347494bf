import { type ArchiveKey, parseHour } from "../../core/archive_key.ts";
import { toDigestText } from "../../core/text/digest_text.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { hiddenAmong, listHour } from "./list_hour.ts";

/** What a channel holds, in a few letters: equal digests mean equal lists of files. */
export interface ChannelDigest {
  /**
   * SHA-256 of the lines `HOUR DIGEST` of all hours, ascending, and after them the line
   * `redactions DIGEST`, each ended by a line feed.
   */
  readonly digest: string;
  /** Of the names of the redactions, as in `hourDigest`. */
  readonly redactions: string;
  /** Hour → `hourDigest`. Hours without files are left out. */
  readonly hours: { readonly [hour: string]: string };
}

/** What digests are made with. */
export interface DigestOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** Leaves out the hours before this one, such as `2026-08-01T12`. */
  readonly since?: string;
}

const UTF8 = new TextEncoder();

/**
 * The digest of one folder's files: SHA-256, in base64url, of the names that
 * `/files/CHANNEL/chat/HOUR?tombstones=true&coverage=true` lists, ascending, each ended by a line
 * feed. What a tombstone hides is not in it, so that a peer that never had it is equal.
 */
async function hourDigest(keys: readonly ArchiveKey[], hasher: Hasher): Promise<string> {
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
  for await (const hour of store.folders(`${channel}/chat`)) {
    if (parseHour(hour) === undefined || hour < since) continue;
    const keys = await listHour(store, `${channel}/chat/${hour}/`);
    if (keys.length > 0) hours.push([hour, await hourDigest(keys, hasher)]);
  }
  const orders = await listHour(store, `${channel}/chat/redactions/`);
  const redactions = await hourDigest(orders, hasher);
  const lines = [...hours, ["redactions", redactions]].map((pair) => `${pair.join(" ")}\n`);
  const digest = await digestOf(lines.join(""), hasher);
  return { digest, redactions, hours: Object.fromEntries(hours) };
}

async function digestOf(text: string, hasher: Hasher): Promise<string> {
  return toDigestText(await hasher.digest(UTF8.encode(text)));
}
