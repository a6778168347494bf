/** A way to compress the bodies of responses. */
export interface BodyCoder {
  /** Its name in `Accept-Encoding` and `Content-Encoding`. */
  readonly coding: string;

  /**
   * The same bytes compressed. They are read when there is room for them, one piece ahead at most, and what is
   * compressed leaves at once when the next piece is not there yet: a caller sees the first lines of a long answer
   * while the rest is looked for. `return` of the iterator ends `pieces` at once, also while a piece is waited for.
   */
  encode(pieces: AsyncIterator<Uint8Array>): AsyncIterableIterator<Uint8Array>;
}
