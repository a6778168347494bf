import { ChatloomError } from "../../core/errors/errors.ts";
import { LINE_LENGTH_MAX, LineSplitter } from "../session/lines/line_splitter.ts";

/** A line of text, or a fragment of one that is too long. */
export interface TextLine {
  readonly text: string;
  readonly isPiece: boolean;
}

// A line of IRC and what may stand in front of it.
const TEXT_LENGTH_MAX = LINE_LENGTH_MAX + 256;

/** How many bytes of a capture are read to find its encoding. */
const HEAD_BYTES = 65_536;

/**
 * Turns the bytes of a capture into lines, in any chunks: UTF-8, or UTF-16 with or
 * without a byte order mark, with lines that end in LF, CR LF, or, where there is no LF, in CR.
 */
export class CaptureText {
  readonly #splitter = new LineSplitter(TEXT_LENGTH_MAX);
  #head: Uint8Array[] = [];
  #headBytes = 0;
  #tornCount = 0;
  #decode: ((bytes: Uint8Array, isLast: boolean) => Uint8Array | string) | undefined;

  /** How many lines were too long so far. */
  get longCount(): number {
    return this.#splitter.longCount;
  }

  /** How many lines were torn: 0 or 1. */
  get tornCount(): number {
    return this.#tornCount;
  }

  /** How many U+FFFD stand for bytes that are not UTF-8 so far. */
  get replacedCount(): number {
    return this.#splitter.replacedCount;
  }

  /**
   * The lines that end in `bytes`, in order; empty ones are left out.
   *
   * @throws {ChatloomError} `INPUT_UNREADABLE` when the text is written in UTF-32.
   */
  push(bytes: Uint8Array): TextLine[] {
    if (this.#decode !== undefined) return this.#split(this.#decode(bytes, false));
    this.#head.push(bytes.slice());
    this.#headBytes += bytes.length;
    return this.#headBytes < HEAD_BYTES ? [] : this.#begin(false);
  }

  /** Ends the text. A last line without line end is a line, or a fragment of one if `isTorn`. */
  end({ isTorn }: { readonly isTorn: boolean }): TextLine[] {
    const lines = this.#decode === undefined
      ? this.#begin(true)
      : this.#split(this.#decode(new Uint8Array(), true));
    const isInLongLine = this.#splitter.isInLongLine;
    const rest = this.#splitter.end()?.replace(/\r$/, "");
    if (rest === undefined || rest === "") return lines;
    if (isTorn && !isInLongLine) this.#tornCount++;
    return [...lines, { text: rest, isPiece: isTorn || isInLongLine }];
  }

  #begin(isLast: boolean): TextLine[] {
    const head = new Uint8Array(this.#headBytes);
    let at = 0;
    for (const piece of this.#head) {
      head.set(piece, at);
      at += piece.length;
    }
    this.#head = [];
    this.#decode = decoderOf(head);
    return this.#split(this.#decode(head, isLast));
  }

  #split(chunk: Uint8Array | string): TextLine[] {
    const lines: TextLine[] = [];
    this.#splitter.push(chunk, (text, isPiece) => void lines.push({ text, isPiece }));
    return lines;
  }
}

function decoderOf(head: Uint8Array): (bytes: Uint8Array, isLast: boolean) => Uint8Array | string {
  const [a, b, c, d] = head;
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe)) {
    throw new ChatloomError("INPUT_UNREADABLE", "Cannot read text in UTF-32: save it as UTF-8");
  }
  const isLittle = (a === 0xff && b === 0xfe) || (a !== 0 && b === 0 && c !== 0 && d === 0);
  const isBig = (a === 0xfe && b === 0xff) || (a === 0 && b !== 0 && c === 0 && d !== 0);
  if (isLittle || isBig) {
    const decoder = new TextDecoder(isLittle ? "utf-16le" : "utf-16be");
    return (bytes, isLast) => decoder.decode(bytes, { stream: !isLast });
  }
  let skip = a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0; // A byte order mark.
  const endsInCr = !head.includes(LF) && head.includes(CR);
  return (bytes) => {
    const rest = skip === 0 ? bytes : bytes.subarray(skip);
    skip = 0;
    return endsInCr ? rest.map((byte) => byte === CR ? LF : byte) : rest;
  };
}

const LF = 0x0a;
const CR = 0x0d;
