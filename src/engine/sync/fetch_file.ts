import type { ArchiveKey, ArchiveKeyParts } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { toDigestText } from "../../core/archive/digest_text.ts";
import { SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Peer } from "../../ports/peer.ts";
import { type FileFault, findFileFault, maxBytesOf } from "./file_fault.ts";
import type { FetchShare } from "./state/fetch_budget.ts";

/** A file in a peer's list. */
export interface PeerFile {
  readonly key: ArchiveKey;
  readonly parts: ArchiveKeyParts;
}

/** The result of fetching a file. */
export type FetchedFile =
  | {
    readonly ok: true;
    /** Valid until the share is released. */
    readonly bytes: Uint8Array;
  }
  | {
    readonly ok: false;
    /**
     * The peer no longer has it; it refuses it, but may serve others; its bytes are not
     * those of its name; they are no such file.
     */
    readonly why: "gone" | "withheld" | "mismatch" | FileFault["kind"];
    readonly reason: string;
  };

/** What {@link fetchFile} works with. */
export interface FetchFileOptions {
  readonly hasher: Hasher;
  readonly clock: Clock;
  /** The most that a batch may have. */
  readonly batchMaxBytes: number;
  /** The share of the budget for its bytes. The caller releases it when it no longer holds the bytes. */
  readonly share: FetchShare;
  readonly signal: AbortSignal;
}

/** A file that keeps others waiting for their turn must come at this rate, after the grace. */
const LARGE_BYTES_PER_SECOND_MIN = 256 * 1024;
const LARGE_GRACE_US = 10 * SECOND_US;

/**
 * Fetches a file, hashes it as it comes, and checks that it matches its name and can be read.
 *
 * @throws {ChatloomError} when the peer fails, or sends more than a file can have.
 */
export async function fetchFile(
  { key, parts }: PeerFile,
  peer: Peer,
  options: FetchFileOptions,
): Promise<FetchedFile> {
  const { batchMaxBytes, share, signal } = options;
  const maxBytes = maxBytesOf(parts.kind, batchMaxBytes);
  for (;;) {
    let pieces;
    try {
      pieces = await peer.read(key, { maxBytes, signal });
    } catch (error) {
      if (!(error instanceof ChatloomError && error.code === "PEER_REFUSED")) throw error;
      return { ok: false, why: "withheld", reason: error.message };
    }
    if (pieces === undefined) return { ok: false, why: "gone", reason: "it is not there any more" };
    const gathered = await gather(pieces, { ...options, peer: peer.name });
    if (gathered !== undefined) return check(parts, gathered);
    // The peer would break off while it waits, so the request is repeated when the turn comes.
    await share.growLarge(signal);
  }
}

function check(
  parts: PeerFile["parts"],
  { bytes, digest }: { readonly bytes: Uint8Array; readonly digest: string },
): FetchedFile {
  if (digest !== toDigestText(parts.digest)) {
    const reason = `its ${bytes.length} bytes have the hash ${digest}`;
    return { ok: false, why: "mismatch", reason };
  }
  const fault = findFileFault(parts, bytes);
  return fault === undefined ? { ok: true, bytes } : { ok: false, why: fault.kind, ...fault };
}

/** The bytes and what they hash to; `undefined` if they are too many to be held now. */
async function gather(
  pieces: AsyncIterable<Uint8Array>,
  { hasher, clock, share, peer }: FetchFileOptions & { readonly peer: string },
): Promise<{ readonly bytes: Uint8Array; readonly digest: string } | undefined> {
  const hash = await hasher.stream();
  const startUs = clock.elapsedUs();
  for await (const piece of pieces) {
    if (!share.tryAdd(piece)) return undefined;
    hash.update(piece);
    const tookUs = clock.elapsedUs() - startUs;
    const isSlow = tookUs > LARGE_GRACE_US &&
      share.length < LARGE_BYTES_PER_SECOND_MIN * (tookUs / SECOND_US);
    if (isSlow && share.isInTheWay) {
      const what = `Cannot wait for "${peer}": it is slow with a large file, and others wait`;
      throw new ChatloomError("CONNECTION_LOST", what);
    }
  }
  return { bytes: share.bytes(), digest: toDigestText(hash.digest()) };
}
