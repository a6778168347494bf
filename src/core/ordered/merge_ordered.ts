import { COMMA, LINE_FEED } from "../bytes.ts";
import { lengthMax, type NormalLine, writeLine } from "../merge/normal_form.ts";
import { joinReceivers } from "../merge/receiver_list.ts";
import { type ByteText, copyBytes, copySpan, toByteText } from "../scan/byte_text.ts";
import type { Steps } from "../steps.ts";
import type { OrderedLines } from "./ordered_lines.ts";
import { areRunsEqual, includesRun, type ReceiverRun, writeJoined } from "./receiver_runs.ts";

/** Bytes to write to, over and over. */
export class Scratch {
  #text = toByteText(new Uint8Array(0));

  /** At least `length` bytes of it, with anything in them. */
  ofLength(length: number): ByteText {
    if (this.#text.bytes.length < length) this.#text = toByteText(new Uint8Array(length));
    return this.#text;
  }
}

/** How many lines are merged, or compared, in one step. */
const PER_STEP = 1_000;

// More contents of one instant than this are compared faster by their text.
const CONTENTS_MAX = 64;

/**
 * The normal form of a minute, from the exact lines of each of its files and its ranged events, as
 * `SightingSet` would give it: the files are in order already, so they are read side by side, and what is
 * written is copied from them. `undefined` if too many contents share an instant for that.
 *
 * @param files in any order
 * @param events in the order of a batch
 * @param scratch not used by others before the result is there; the result is no part of it
 */
export function* mergeOrdered(
  files: readonly OrderedLines[],
  events: readonly NormalLine[],
  scratch: Scratch,
): Steps<Uint8Array | undefined> {
  let bytesMax = 0;
  for (const { bytes } of files) bytesMax += bytes;
  for (const event of events) bytesMax += lengthMax(event) + 1;
  const target = scratch.ofLength(bytesMax);
  const instant = new Instant(files);
  let at = 0;
  let nextEvent = 0;
  while (true) {
    if (instant.lineCount >= PER_STEP) {
      instant.lineCount = 0;
      yield;
    }
    const nowUs = instant.begin();
    for (; nextEvent < events.length && events[nextEvent]!.startUs < nowUs; nextEvent++) {
      at = writeEvent(events[nextEvent]!, target, at);
    }
    if (nowUs === Infinity) return target.bytes.slice(0, at);
    if (!instant.take()) return undefined;
    const ends = [at];
    for (let i = 0; i < instant.contentCount; i++) ends.push(at = instant.write(i, target, at));
    for (; nextEvent < events.length; nextEvent++) {
      const event = events[nextEvent]!;
      if (event.startUs !== nowUs || event.lengthUs !== 0) break;
      ends.push(at = writeEvent(event, target, at));
    }
    if (ends.length > 2) sortWritten(target.bytes, ends); // More than one line.
  }
}

function writeEvent(event: NormalLine, target: ByteText, at: number): number {
  const end = writeLine(event, target, at);
  target.bytes[end] = LINE_FEED;
  return end + 1;
}

/** The lines of the files that were sent at one instant, by content. */
class Instant {
  readonly #files: readonly OrderedLines[];
  /** The next line of each file. */
  readonly #heads: Int32Array;
  #nowUs = 0;
  /** Content → the files that have it and their lines. */
  readonly #members: { readonly files: OrderedLines[]; readonly lines: number[] }[] = [];
  /** How many contents there are. */
  contentCount = 0;
  /** How many lines were taken, until the caller sets it back. */
  lineCount = 0;

  constructor(files: readonly OrderedLines[]) {
    this.#files = files;
    this.#heads = new Int32Array(files.length);
  }

  /** Goes on to the next instant, and returns it; `Infinity` behind the last. */
  begin(): number {
    let nowUs = Infinity;
    for (let i = 0; i < this.#files.length; i++) {
      const sentUs = this.#files[i]!.sentUs(this.#heads[i]!);
      if (sentUs < nowUs) nowUs = sentUs;
    }
    return this.#nowUs = nowUs;
  }

  /** Takes the lines of the instant. False if they have too many contents. */
  take(): boolean {
    this.contentCount = 0;
    for (let i = 0; i < this.#files.length; i++) {
      const file = this.#files[i]!;
      for (; file.sentUs(this.#heads[i]!) === this.#nowUs; this.#heads[i]!++) {
        if (!this.#takeLine(file, this.#heads[i]!)) return false;
      }
    }
    return true;
  }

  #takeLine(file: OrderedLines, line: number): boolean {
    this.lineCount++;
    for (let i = 0; i < this.contentCount; i++) {
      const { files, lines } = this.#members[i]!;
      if (!file.hasContentOf(line, files[0]!, lines[0]!)) continue;
      files.push(file);
      lines.push(line);
      return true;
    }
    if (this.contentCount === CONTENTS_MAX) return false;
    const members = this.#members[this.contentCount] ??= { files: [], lines: [] };
    members.files.length = 0;
    members.lines.length = 0;
    members.files.push(file);
    members.lines.push(line);
    this.contentCount++;
    return true;
  }

  /** Writes the line of content `i` at `at`, and returns where it ends with its line feed. */
  write(i: number, target: ByteText, at: number): number {
    const { files, lines } = this.#members[i]!;
    const [file, line] = [files[0]!, lines[0]!];
    const { text } = file;
    if (files.length === 1) return copyBytes(text, file.from(line), file.to(line) + 1, target, at);
    const from = copyBytes(text, file.from(line), file.receiversFrom(line), target, at);
    const to = files.length === 2
      ? writePair(runOf(file, line), runOf(files[1]!, lines[1]!), target, from)
      : writeMany(files.map((each, k) => runOf(each, lines[k]!)), target, from);
    return copyBytes(text, file.receiversTo(line), file.to(line) + 1, target, to);
  }
}

function runOf(file: OrderedLines, line: number): ReceiverRun {
  return { text: file.text, from: file.receiversFrom(line), to: file.receiversTo(line) };
}

function writePair(left: ReceiverRun, right: ReceiverRun, target: ByteText, at: number): number {
  return areRunsEqual(left, right)
    ? copySpan(left, target, at)
    : writeJoined(left, right, target, at);
}

function writeMany(runs: readonly ReceiverRun[], target: ByteText, at: number): number {
  let end = at;
  for (const receiver of joinReceivers(runs)) {
    if (end !== at) target.bytes[end++] = COMMA;
    end = copySpan(receiver, target, end);
  }
  return end;
}

/** Sorts lines that were written one after another; `ends` is where each ends, behind where all start. */
function sortWritten(bytes: Uint8Array, ends: readonly number[]): void {
  const start = ends[0]!;
  const written = bytes.slice(start, ends.at(-1));
  const lines = ends.slice(1).map((end, i) => written.subarray(ends[i]! - start, end - start));
  lines.sort(compareBytes);
  let at = start;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length;
  }
}

/** By their text, as its line feed sorts before all that a line can hold. */
function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
  return left.length - right.length;
}

/** Whether `all` has every content of `file`, with each of its receivers at the same time or earlier. */
export function* includingOrdered(all: OrderedLines, file: OrderedLines): Steps<boolean> {
  let first = 0;
  for (let line = 0; line < file.length; line++) {
    if (line > 0 && line % PER_STEP === 0) yield;
    const sentUs = file.sentUs(line);
    while (all.sentUs(first) < sentUs) first++;
    let at = first;
    while (all.sentUs(at) === sentUs && !all.hasContentOf(at, file, line)) at++;
    if (all.sentUs(at) !== sentUs || !includesRun(runOf(all, at), runOf(file, line))) return false;
  }
  return true;
}
