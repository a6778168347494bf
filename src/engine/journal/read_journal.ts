import { concatBytes, LINE_FEED } from "../../core/bytes.ts";
import { freeMemory } from "../../core/recording/free_memory.ts";
import { type JournalEntry, parseEntry } from "./entry.ts";

/** A line of a segment of a journal. */
export type ReadEntry =
  | { readonly ok: true; readonly entry: JournalEntry }
  /** A line that is no entry; `isTorn` if it is the last one and has no line feed. */
  | { readonly ok: false; readonly bytes: Uint8Array; readonly isTorn: boolean };

// A line of chat is at most 64 KiB of text, up to three bytes a character; a checkpoint names channels.
/** A longer line is no entry: its pieces are torn. */
export const LINE_MAX_BYTES = 16 * 1024 * 1024;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Yields chunks that belong to the caller, and frees each when the caller asks for the next or stops.
 * Left to a garbage collector, reading a journal takes an unbounded amount of memory.
 */
export async function* freed(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of pieces) {
    try {
      yield piece;
    } finally {
      freeMemory(piece);
    }
  }
}

/** Yields the lines of a segment. Never throws for their contents; a last line may be torn. */
export async function* readEntries(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<ReadEntry, void, undefined> {
  for await (const { bytes, isTorn } of splitAtLf(pieces)) {
    const entry = isTorn ? undefined : parseEntryBytes(bytes);
    yield entry === undefined ? { ok: false, bytes, isTorn } : { ok: true, entry };
  }
}

/** Reads an entry from the bytes of its line, without the line feed; `undefined` if it is none. */
export function parseEntryBytes(bytes: Uint8Array): JournalEntry | undefined {
  try {
    return parseEntry(UTF8.decode(bytes));
  } catch {
    return undefined; // Not UTF-8: the caller puts the bytes into quarantine and reports it.
  }
}

/** A line of bytes without its line feed. */
export interface ByteLine {
  readonly bytes: Uint8Array;
  /** Whether it is the last one and had no line feed, or was too long and was cut. */
  readonly isTorn: boolean;
}

/** Splits bytes into lines at each line feed, in any chunks. */
export async function* splitAtLf(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<ByteLine, void, undefined> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let at; (at = piece.indexOf(LINE_FEED, from)) !== -1; from = at + 1) {
      yield { bytes: concatBytes([...rest, piece.subarray(from, at)]), isTorn: false };
      rest = [];
      restBytes = 0;
    }
    if (from === piece.length) continue;
    rest.push(piece.slice(from));
    restBytes += piece.length - from;
    if (restBytes <= LINE_MAX_BYTES) continue;
    yield { bytes: concatBytes(rest), isTorn: true };
    rest = [];
    restBytes = 0;
  }
  if (restBytes > 0) yield { bytes: concatBytes(rest), isTorn: true };
}
