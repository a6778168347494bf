import { concatBytes, hexBytes } from "../bytes.ts";
import { fromDigestText, toDigestText } from "../archive/digest_text.ts";
import { sha256 } from "../redaction/sha256.ts";
import { TAR_END_BYTES, tarMemberBytes } from "./tar_header.ts";

// A pack is a tar archive in zstd frames that can be decompressed one by one. Two skippable frames follow,
// which every decoder passes over: a directory, and a seek table as other tools write it, which is the last.
//
// https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.2
// https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md

/** A file in a pack. */
export interface PackMember {
  /** Its name in the hour's folder, with the colon. */
  readonly name: string;
  /** How long it is. */
  readonly sizeBytes: number;
}

/** A zstd frame of a pack. */
export interface PackFrame {
  /** How long it is in the file. */
  readonly storedBytes: number;
  /** How long the part of the tar archive is that it holds. */
  readonly plainBytes: number;
}

/** What a pack holds, and where. */
export interface PackTable {
  /** Ascending by name, each once. */
  readonly members: readonly PackMember[];
  /** In the order of the file. Each holds whole members; the last one also the end of the tar archive. */
  readonly frames: readonly PackFrame[];
}

/** A table as it was read. */
export interface ReadPackTable extends PackTable {
  /** SHA-256 of the table, in hex. */
  readonly digest: string;
}

/** The last bytes of a pack tell how long its table is. */
export const PACK_FOOTER_BYTES = 9;

/** A table that claims to be longer is none: it would name more files than an hour can have. */
const PACK_TABLE_MAX_BYTES = 4 * 1024 * 1024;

const SEEKABLE_MAGIC = 0x8f92eab1;
const SEEK_TABLE_FRAME = 0x184d2a5e;
const DIRECTORY_FRAME = 0x184d2a5c;
const FRAME_HEADER_BYTES = 8;
const SEEK_ENTRY_BYTES = 8;
const MAGIC = new TextEncoder().encode("chatloom pack 1\n");
const MEMBER_BYTES = 1 + 32 + 4;
const DIGEST_BYTES = 32;
const TOMBSTONE = 0x80;
const NAME = /^([0-5]\d):00-([A-Za-z0-9_-]{43})\.(json|tombstone)$/;

/**
 * What follows the frames of a pack.
 *
 * @throws {RangeError} when a member has no name of a batch or tombstone.
 */
export function encodePackTable({ members, frames }: PackTable): Uint8Array {
  const records = members.map(encodeMember);
  const directoryBytes = MAGIC.length + members.length * MEMBER_BYTES + DIGEST_BYTES;
  const seeks = new Uint8Array((frames.length + 1) * SEEK_ENTRY_BYTES + PACK_FOOTER_BYTES);
  const view = new DataView(seeks.buffer);
  frames.forEach(({ storedBytes, plainBytes }, i) => {
    view.setUint32(i * SEEK_ENTRY_BYTES, storedBytes, true);
    view.setUint32(i * SEEK_ENTRY_BYTES + 4, plainBytes, true);
  });
  view.setUint32(frames.length * SEEK_ENTRY_BYTES, FRAME_HEADER_BYTES + directoryBytes, true);
  const footer = seeks.length - PACK_FOOTER_BYTES;
  view.setUint32(footer, frames.length + 1, true);
  view.setUint32(footer + 5, SEEKABLE_MAGIC, true);
  const content = concatBytes([MAGIC, ...records]);
  return concatBytes([
    skippable(DIRECTORY_FRAME, directoryBytes),
    content,
    hexBytes(sha256(concatBytes([content, seeks]))),
    skippable(SEEK_TABLE_FRAME, seeks.length),
    seeks,
  ]);
}

/**
 * How long the table is that ends with `footer`, {@link PACK_FOOTER_BYTES} long; `undefined` if none does.
 * The directory ends where it begins.
 */
export function seekTableBytes(footer: Uint8Array): number | undefined {
  if (footer.length !== PACK_FOOTER_BYTES) return undefined;
  const view = viewOf(footer);
  if (view.getUint32(5, true) !== SEEKABLE_MAGIC || footer[4] !== 0) return undefined;
  const length = FRAME_HEADER_BYTES + view.getUint32(0, true) * SEEK_ENTRY_BYTES +
    PACK_FOOTER_BYTES;
  return length <= PACK_TABLE_MAX_BYTES ? length : undefined;
}

/**
 * How long the directory and the seek table are together, given the latter; `undefined` if that is no seek
 * table of a pack.
 */
export function packTableBytes(seekTable: Uint8Array): number | undefined {
  const last = seekTable.length - PACK_FOOTER_BYTES - SEEK_ENTRY_BYTES;
  if (last < FRAME_HEADER_BYTES) return undefined;
  const view = viewOf(seekTable);
  if (view.getUint32(last + 4, true) !== 0) return undefined;
  const length = view.getUint32(last, true) + seekTable.length;
  return length <= PACK_TABLE_MAX_BYTES ? length : undefined;
}

/**
 * Reads a whole table, which stands at the end of a file of `fileBytes`; `undefined` if it is damaged or
 * contradicts itself. The names in it are those of files of an hour.
 */
export function decodePackTable(table: Uint8Array, fileBytes: number): ReadPackTable | undefined {
  const seekBytes = seekTableBytes(table.slice(-PACK_FOOTER_BYTES));
  if (seekBytes === undefined || seekBytes > table.length) return undefined;
  const seekAt = table.length - seekBytes;
  const seeks = table.subarray(seekAt + FRAME_HEADER_BYTES);
  const directory = table.subarray(FRAME_HEADER_BYTES, seekAt - DIGEST_BYTES);
  const recordBytes = directory.length - MAGIC.length;
  if (recordBytes < 0 || recordBytes % MEMBER_BYTES !== 0) return undefined;
  const digest = sha256(concatBytes([directory, seeks]));
  if (digest !== hexText(table.subarray(seekAt - DIGEST_BYTES, seekAt))) return undefined;
  if (!MAGIC.every((byte, i) => directory[i] === byte)) return undefined;
  const members: PackMember[] = [];
  for (let at = MAGIC.length; at < directory.length; at += MEMBER_BYTES) {
    const member = decodeMember(directory.subarray(at, at + MEMBER_BYTES));
    if (member === undefined) return undefined;
    members.push(member);
  }
  const frames = decodeFrames(seeks);
  const read = { members, frames, digest };
  return isConsistent(read, fileBytes - table.length) ? read : undefined;
}

function decodeFrames(seeks: Uint8Array): PackFrame[] {
  const view = viewOf(seeks);
  const count = (seeks.length - PACK_FOOTER_BYTES) / SEEK_ENTRY_BYTES - 1; // The directory is the last.
  return Array.from({ length: count }, (_, i) => ({
    storedBytes: view.getUint32(i * SEEK_ENTRY_BYTES, true),
    plainBytes: view.getUint32(i * SEEK_ENTRY_BYTES + 4, true),
  }));
}

/** Whether the names ascend, each member is in one frame, and nothing is between or behind them. */
function isConsistent({ members, frames }: PackTable, framesBytes: number): boolean {
  if (frames.reduce((sum, { storedBytes }) => sum + storedBytes, 0) !== framesBytes) return false;
  const isAscending = members.every(({ name }, i) => i === 0 || members[i - 1]!.name < name);
  if (!isAscending || members.length === 0) return false;
  let next = 0;
  for (const [i, { plainBytes }] of frames.entries()) {
    let filled = i === frames.length - 1 ? TAR_END_BYTES : 0;
    const first = next;
    while (next < members.length && filled < plainBytes) {
      filled += tarMemberBytes(members[next++]!.sizeBytes);
    }
    if (filled !== plainBytes || next === first) return false;
  }
  return next === members.length;
}

function encodeMember({ name, sizeBytes }: PackMember): Uint8Array {
  const [, minute, hash, extension] = NAME.exec(name) ?? [];
  if (hash === undefined) throw new RangeError(`Cannot pack "${name}": it is no file of an hour`);
  const record = new Uint8Array(MEMBER_BYTES);
  record[0] = Number(minute) | (extension === "tombstone" ? TOMBSTONE : 0);
  record.set(fromDigestText(hash), 1);
  viewOf(record).setUint32(1 + 32, sizeBytes, true);
  return record;
}

function decodeMember(record: Uint8Array): PackMember | undefined {
  const minute = record[0]! & ~TOMBSTONE;
  if (minute > 59) return undefined;
  const extension = (record[0]! & TOMBSTONE) === 0 ? "json" : "tombstone";
  const hash = toDigestText(record.subarray(1, 33));
  return {
    name: `${String(minute).padStart(2, "0")}:00-${hash}.${extension}`,
    sizeBytes: viewOf(record).getUint32(1 + 32, true),
  };
}

function skippable(magic: number, contentBytes: number): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  viewOf(header).setUint32(0, magic, true);
  viewOf(header).setUint32(4, contentBytes, true);
  return header;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function hexText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
