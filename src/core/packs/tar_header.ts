import type { Micros } from "../time.ts";

/** A tar archive is made of blocks of this length. */
export const TAR_BLOCK_BYTES = 512;

/** What ends a tar archive: two empty blocks. */
export const TAR_END_BYTES: number = 2 * TAR_BLOCK_BYTES;

const ASCII = new TextEncoder();

/** How many bytes a file takes in a tar archive, with its header and what fills its last block. */
export function tarMemberBytes(sizeBytes: number): number {
  return TAR_BLOCK_BYTES + Math.ceil(sizeBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
}

/**
 * The header block of a file that every user may read. Equal arguments give equal bytes.
 *
 * @throws {RangeError} when the name is longer than 100 bytes or the size does not fit.
 * @see {@link https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html | POSIX.1-2017, pax: ustar}
 */
export function tarHeader(
  name: string,
  { sizeBytes, modifiedUs }: { readonly sizeBytes: number; readonly modifiedUs: Micros },
): Uint8Array {
  const header = new Uint8Array(TAR_BLOCK_BYTES);
  const put = (at: number, text: string) => header.set(ASCII.encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  if (name.length > 100 || sizeBytes >= 8 ** 11) throw new RangeError(`Cannot pack "${name}"`);
  put(0, name);
  put(100, `${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`);
  put(124, `${octal(sizeBytes, 11)}\0${octal(Math.floor(modifiedUs / 1e6), 11)}\0`);
  put(148, " ".repeat(8)); // The sum is made as if it were blank.
  put(156, "0");
  put(257, "ustar\x0000");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return header;
}
