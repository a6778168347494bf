import { areBytesEqual } from "../../../core/bytes.ts";
import {
  decodePackTable,
  PACK_FOOTER_BYTES,
  type PackMember,
  packTableBytes,
  type ReadPackTable,
  seekTableBytes,
} from "../../../core/packs/pack_table.ts";
import {
  TAR_BLOCK_BYTES,
  TAR_END_BYTES,
  tarHeader,
  tarMemberBytes,
} from "../../../core/packs/tar_header.ts";
import type { Micros } from "../../../core/time.ts";
import type { OpenFile } from "../calls/file_calls.ts";
import { EntryFault } from "../calls/file_errors.ts";
import { kindReason } from "../calls/stored_name.ts";
import { FILE_MAX_BYTES } from "../store/batch_files.ts";
import { decompressFrame } from "./zstd.ts";

/**
 * A frame is filled up to this. A larger one is smaller when compressed: of a generated day a tenth is left
 * here, and a minute is read within 5 ms (2026-11).
 */
export const FRAME_BYTES: number = 4 * 1024 * 1024;

// Members with headers and padding; one that is longer than a frame has a frame to itself.
const FRAME_MAX_BYTES = FILE_MAX_BYTES + FRAME_BYTES + TAR_END_BYTES;

// Tables of a few hundred files come with one read.
const TAIL_BYTES = 16 * 1024;

/** Where a member is in a pack. */
export interface MemberPlace extends PackMember {
  /** Which frame holds it. */
  readonly frame: number;
  /** Where its header begins in the frame's content. */
  readonly at: number;
}

/** The table of a pack, ready for looking up. */
export interface PackIndex {
  /** Tells packs apart, also under one name. */
  readonly digest: string;
  /** By name, ascending. */
  readonly members: ReadonlyMap<string, MemberPlace>;
  /** Where each frame begins in the file, how long it is there, and what it holds. */
  readonly frames: readonly {
    readonly position: number;
    readonly storedBytes: number;
    readonly plainBytes: number;
  }[];
}

/**
 * Reads the table of an open pack.
 *
 * @throws {EntryFault} when it is no pack, or its table is damaged.
 */
export async function readPackIndex(file: OpenFile): Promise<PackIndex> {
  const { kind, sizeBytes } = await file.facts();
  if (kind !== "file") throw new EntryFault(`in its place is ${kindReason(kind, "file")}`);
  const tail = await readPart(file, Math.max(0, sizeBytes - TAIL_BYTES), sizeBytes);
  const tableBytes = (at: number) => (bytes: Uint8Array) => bytes.subarray(bytes.length - at);
  const seekBytes = seekTableBytes(tail.slice(-PACK_FOOTER_BYTES));
  if (seekBytes === undefined || seekBytes > sizeBytes) throw noTable();
  const last = async (length: number) =>
    length <= tail.length
      ? tableBytes(length)(tail)
      : await readPart(file, sizeBytes - length, sizeBytes);
  const wholeBytes = packTableBytes(await last(seekBytes));
  if (wholeBytes === undefined || wholeBytes > sizeBytes) throw noTable();
  const table = decodePackTable(await last(wholeBytes), sizeBytes);
  if (table === undefined) throw noTable();
  return indexOf(table);
}

function noTable(): EntryFault {
  return new EntryFault(
    "the table at the end of this pack is missing or damaged: tar --zstd -x may give its files back",
  );
}

function indexOf({ digest, members, frames }: ReadPackTable): PackIndex {
  const places = new Map<string, MemberPlace>();
  let [frame, at] = [0, 0];
  for (const member of members) {
    const { name, sizeBytes } = member;
    if (sizeBytes > FILE_MAX_BYTES) {
      throw new EntryFault(`"${name}" is too large in this pack: ${sizeBytes} bytes`);
    }
    // The table was found to fill its frames exactly.
    if (at === frames[frame]!.plainBytes) [frame, at] = [frame + 1, 0];
    places.set(name, { name, sizeBytes, frame, at });
    at += tarMemberBytes(sizeBytes);
  }
  let position = 0;
  const found = frames.map(({ storedBytes, plainBytes }) => {
    if (plainBytes > FRAME_MAX_BYTES || storedBytes > FRAME_MAX_BYTES) {
      throw new EntryFault(`a part of this pack is too large: ${plainBytes} bytes`);
    }
    const begin = position;
    position += storedBytes;
    return { position: begin, storedBytes, plainBytes };
  });
  return { digest, members: places, frames: found };
}

/**
 * The content of a frame.
 *
 * @throws {EntryFault} when it is damaged.
 */
export async function readFrame(
  file: OpenFile,
  { frames }: PackIndex,
  frame: number,
): Promise<Uint8Array> {
  const { position, storedBytes, plainBytes } = frames[frame]!;
  return decompressFrame(await readPart(file, position, position + storedBytes), plainBytes);
}

/**
 * The bytes of a member in the content of its frame, not copied.
 *
 * @throws {EntryFault} when `tar` would find another file there.
 */
export function memberBytes(
  content: Uint8Array,
  { name, sizeBytes, at }: MemberPlace,
  modifiedUs: Micros,
): Uint8Array {
  const begin = at + TAR_BLOCK_BYTES;
  const header = tarHeader(name, { sizeBytes, modifiedUs });
  if (!areBytesEqual(content.subarray(at, begin), header)) {
    throw new EntryFault("its pack is damaged: another file is in its place");
  }
  return content.subarray(begin, begin + sizeBytes);
}

async function readPart(file: OpenFile, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  for (let length = 0; length < bytes.length;) {
    const count = await file.readAt(bytes, length, begin + length);
    if (count <= 0) throw new EntryFault("its pack is shorter than it was a moment ago");
    length += count;
  }
  return bytes;
}
