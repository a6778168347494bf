import type { Random } from "../../../ports/random.ts";
import type { Chunk } from "../../../ports/transport.ts";
import { chance, intBelow } from "../../chance/seeded_random.ts";

/** How lines become frames. Twitch itself cuts at CR LF only and never sends binary frames. */
export interface Framing {
  /** At most this many lines in one frame. @default 16 */
  readonly linesMax?: number;
  /** How likely a frame is cut into several, anywhere between two characters. @default 0 */
  readonly splitChance?: number;
  /** How likely a frame is cut into several binary ones, even inside a character. @default 0 */
  readonly bytesChance?: number;
  /** The parts of cut frames are at most this long, in characters or bytes. */
  readonly pieceMax?: number;
}

const LINES_MAX = 16;
const PIECE_MAX = 64;

const encoder = new TextEncoder();

/** Puts `lines` into frames, in order, each line ended by CR LF. */
export function toFrames(
  lines: readonly string[],
  { random, framing }: { readonly random: Random; readonly framing: Framing },
): Chunk[] {
  const { linesMax = LINES_MAX, splitChance = 0, bytesChance = 0, pieceMax = PIECE_MAX } = framing;
  const frames: Chunk[] = [];
  for (let at = 0; at < lines.length;) {
    const count = 1 + intBelow(random, linesMax);
    const text = lines.slice(at, at + count).map((line) => `${line}\r\n`).join("");
    at += count;
    if (chance(random, bytesChance)) {
      frames.push(...cut(encoder.encode(text), { random, pieceMax }));
    } else if (chance(random, splitChance)) {
      frames.push(...cutText(text, { random, pieceMax }));
    } else {
      frames.push(text);
    }
  }
  return frames;
}

interface CutOptions {
  readonly random: Random;
  readonly pieceMax: number;
}

function cut(bytes: Uint8Array, { random, pieceMax }: CutOptions): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + intBelow(random, pieceMax);
    pieces.push(bytes.slice(at, end));
    at = end;
  }
  return pieces;
}

function cutText(text: string, { random, pieceMax }: CutOptions): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = at + 1 + intBelow(random, pieceMax);
    if (isLowSurrogate(text.charCodeAt(end))) end++; // A text frame holds whole characters.
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
