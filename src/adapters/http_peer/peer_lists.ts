import type { PeerChannelDigest } from "../../ports/peer.ts";
import { refused } from "./peer_errors.ts";

/** A list has at most this many names, each at most this long: real ones have a tenth of either. */
const NAMES_MAX = 200_000;
const NAME_MAX_LENGTH = 256;

/**
 * A list of names from a peer's response.
 *
 * @throws {ChatloomError} `PEER_REFUSED` when it is none.
 */
export function readNames(value: unknown, peer: string): readonly string[] {
  const isList = Array.isArray(value) && value.length <= NAMES_MAX &&
    value.every((name) => typeof name === "string" && name.length <= NAME_MAX_LENGTH);
  if (!isList) throw refused(peer, "it is no list of names");
  return value as readonly string[];
}

/**
 * Digests by name from a peer's response.
 *
 * @throws {ChatloomError} `PEER_REFUSED` when there are none in it.
 */
export function readDigests(value: unknown, peer: string): ReadonlyMap<string, string> {
  const entries = isObject(value) ? Object.entries(value) : undefined;
  if (entries === undefined || entries.length > NAMES_MAX) throw refused(peer, "it has no digests");
  for (const [name, digest] of entries) {
    if (name.length > NAME_MAX_LENGTH || typeof digest !== "string" || digest.length > 64) {
      throw refused(peer, "one of its digests is none");
    }
  }
  return new Map(entries as [string, string][]);
}

/**
 * What a channel holds, from a peer's response.
 *
 * @throws {ChatloomError} `PEER_REFUSED` when it does not say.
 */
export function readDigest(value: unknown, peer: string): PeerChannelDigest {
  const { digest, redactions, hours, coverage = {} } = isObject(value) ? value : {};
  if (typeof digest !== "string" || typeof redactions !== "string") {
    throw refused(peer, "it has no digest");
  }
  return {
    digest,
    redactions,
    hours: readDigests(hours, peer),
    coverage: readDigests(coverage, peer), // A node of the first version does not say.
  };
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
