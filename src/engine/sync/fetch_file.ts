import { toDigestText } from "../../core/text/digest_text.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Peer } from "../../ports/peer.ts";
import { type FileFault, findFileFault, maxBytesOf } from "./file_fault.ts";
import type { PeerFile } from "./peer_keys.ts";
import type { LargeTurn } from "./large_turn.ts";

/** What became of fetching a file. */
export type FetchedFile =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | {
    readonly ok: false;
    /** The peer no longer has it; its bytes are not those of its name; they are no such file. */
    readonly why: "gone" | "mismatch" | FileFault["kind"];
    readonly reason: string;
  };

/** What {@link fetchFile} works with. */
export interface FetchFileOptions {
  readonly hasher: Hasher;
  /** The most that a batch may have. */
  readonly batchMaxBytes: number;
  /** One file of this peer at a time may be large. */
  readonly largeTurn: LargeTurn;
  readonly signal: AbortSignal;
}

/** What is read of a file before it waits for its turn to be large. */
const SMALL_MAX_BYTES = 1024 * 1024;

/**
 * Fetches a file, hashes it as it comes, and looks whether it is what its name says and can be read.
 *
 * @throws {ChatloomError} when the peer fails, or gives more than a file can have.
 */
export async function fetchFile(
  { key, parts }: PeerFile,
  peer: Peer,
  options: FetchFileOptions,
): Promise<FetchedFile> {
  const { hasher, batchMaxBytes, signal } = options;
  const maxBytes = maxBytesOf(parts.kind, batchMaxBytes);
  const pieces = await peer.read(key, { maxBytes, signal });
  if (pieces === undefined) return { ok: false, why: "gone", reason: "it is not there any more" };
  const hash = await hasher.stream();
  const bytes = await gather(pieces, (piece) => hash.update(piece), options);
  const found = toDigestText(hash.digest());
  if (found !== toDigestText(parts.digest)) {
    return {
      ok: false,
      why: "mismatch",
      reason: `its ${bytes.length} bytes have the hash ${found}`,
    };
  }
  const fault = findFileFault(parts, bytes);
  return fault === undefined ? { ok: true, bytes } : { ok: false, why: fault.kind, ...fault };
}

async function gather(
  pieces: AsyncIterable<Uint8Array>,
  onPiece: (piece: Uint8Array) => void,
  { largeTurn, signal }: FetchFileOptions,
): Promise<Uint8Array> {
  const held: Uint8Array[] = [];
  let length = 0;
  let isLarge = false;
  try {
    for await (const piece of pieces) {
      onPiece(piece);
      held.push(piece);
      length += piece.length;
      if (length <= SMALL_MAX_BYTES || isLarge) continue;
      await largeTurn.take(signal);
      isLarge = true;
    }
  } finally {
    if (isLarge) largeTurn.giveBack();
  }
  return held.length === 1 ? held[0]! : join(held, length);
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
