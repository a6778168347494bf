/** The byte that ends a line. */
export const LINE_FEED = 0x0a;

/** The byte of `"`. */
export const QUOTE = 0x22;

/** The byte of `,`. */
export const COMMA = 0x2c;

/** The byte of `:`. */
export const COLON = 0x3a;

/** The byte of `[`. */
export const OPEN_BRACKET = 0x5b;

/** The byte of `\`. */
export const BACKSLASH = 0x5c;

/** The byte of `]`. */
export const CLOSE_BRACKET = 0x5d;

/** The byte of `{`. */
export const OPEN_BRACE = 0x7b;

/** The byte of `}`. */
export const CLOSE_BRACE = 0x7d;

/** Copies `pieces` one after the other to the start of `target`, which has room for them. */
export function copyPieces(pieces: readonly Uint8Array[], target: Uint8Array): void {
  let at = 0;
  for (const piece of pieces) {
    target.set(piece, at);
    at += piece.length;
  }
}

/** `pieces` one after the other. Fresh for the caller, except that a single piece is returned itself. */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  copyPieces(pieces, all);
  return all;
}

/** Whether both hold the same bytes. */
export function areBytesEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/** The number of lines. The last one counts also without its line feed. */
export function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return bytes.length > 0 && bytes[bytes.length - 1] !== LINE_FEED ? count + 1 : count;
}

/** The bytes that `text` writes in hex, two digits a byte. */
export function hexBytes(text: string): Uint8Array {
  return Uint8Array.from(
    { length: text.length / 2 },
    (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}
