import { COLON, COMMA, QUOTE } from "../bytes.ts";
import { formatString } from "../json/canonical_json.ts";
import type { LineBytes } from "./line_bytes.ts";
import { type Micros, SECOND_US } from "../time.ts";

/** The fields of a line beside its content. */
export interface LineFields {
  /** The receiver's key in `receivers`, with its quotes and colon. */
  readonly receiverKey: Uint8Array;
  /** The received time, by the receiver's clock. */
  readonly receivedUs: Micros;
  /** When the message was sent. */
  readonly sentUs: Micros;
}

const SPACE = 0x20;
const BANG = 0x21;
const POINT = 0x2e;
const ZERO = 0x30;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const AT = 0x40;

// Longer lines are written the general way.
const RAW_MAX = 16_384;

/** Bytes that canonical JSON prints as they are: printable ASCII but quote and backslash. */
const IS_PLAIN = Uint8Array.from(
  { length: 256 },
  (_, byte) => Number(byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c),
);

const UTF8 = new TextEncoder();
const UTF8_TEXT = new TextDecoder("utf-8", { ignoreBOM: true });
const COMMAND = UTF8.encode(`{"command":"`);
const HOST = UTF8.encode(`","host":"`);
const PARAMS = UTF8.encode(`","params":["`);
const TEXT = UTF8.encode(`","`);
const RECEIVERS = UTF8.encode(`"],"receivers":{`);
const SENDER = UTF8.encode(`},"sender":"`);
const TAGS = UTF8.encode(`","tags":{"`);
const TIME = UTF8.encode(`"},"time":`);
const USER = UTF8.encode(`,"time_range":0.0,"user":"`);
const END = UTF8.encode(`"}\n`);

/**
 * Writes lines of exact messages straight from the lines of IRC that brought them: each byte is
 * read once, and nothing is allocated in between.
 *
 * Only for the form that nearly all of chat has, `@key=value;… :nick!user@host COMMAND #channel :text`
 * with tags in order and nothing to escape but in the text. It writes what `contentOf` of the parsed line
 * would: tests compare the two.
 */
export class LineTranscoder {
  readonly #raw = new Uint8Array(RAW_MAX + 1);
  #out: Uint8Array = new Uint8Array();
  #at = 0;
  #isUsual = true;

  /** Adds the line to `out` and returns whether it could; if not, nothing was added. */
  transcode(line: string, out: LineBytes, fields: LineFields): boolean {
    if (3 * line.length > RAW_MAX) return false;
    const end = UTF8.encodeInto(line, this.#raw).written;
    // Half a surrogate pair has no bytes of its own.
    if (end !== line.length && !line.isWellFormed()) return false;
    const raw = this.#raw;
    raw[end] = 0; // So that no rest of a longer line before this one is read as a part of it.
    const tagsEnd = raw.indexOf(SPACE);
    const nick = tagsEnd + 2;
    if (raw[0] !== AT || raw[tagsEnd + 1] !== COLON || nick >= end) return false;
    const nickEnd = endOfName(raw, nick, end);
    const userEnd = endOfName(raw, nickEnd + 1, end);
    const hostEnd = endOfName(raw, userEnd + 1, end);
    if (raw[nickEnd] !== BANG || raw[userEnd] !== AT || raw[hostEnd] !== SPACE) return false;
    const commandEnd = endOfName(raw, hostEnd + 1, end);
    const targetEnd = endOfName(raw, commandEnd + 1, end);
    if (raw[commandEnd] !== SPACE || raw[targetEnd] !== SPACE) return false;
    if (targetEnd === commandEnd + 1 || raw[commandEnd + 1] === COLON) return false;
    if (targetEnd + 1 >= end || raw[targetEnd + 1] !== COLON) return false;

    // A control character grows by five bytes, a tag of one letter, `a=;`, by four; names of fields
    // add up to 130.
    out.reserve(6 * end + 256 + fields.receiverKey.length);
    this.#out = out.bytes;
    this.#at = out.length;
    this.#isUsual = true;
    this.#addKnown(COMMAND);
    this.#addCommand(hostEnd + 1, commandEnd);
    this.#addKnown(HOST);
    this.#addPlain(userEnd + 1, hostEnd);
    this.#addKnown(PARAMS);
    this.#addPlain(commandEnd + 1, targetEnd);
    this.#addKnown(TEXT);
    this.#addAnything(targetEnd + 2, end);
    this.#addKnown(RECEIVERS);
    this.#addKnown(fields.receiverKey);
    this.#addSeconds(fields.receivedUs);
    this.#addKnown(SENDER);
    this.#addPlain(nick, nickEnd);
    this.#addKnown(TAGS);
    this.#addTags(1, tagsEnd);
    this.#addKnown(TIME);
    this.#addSeconds(fields.sentUs);
    this.#addKnown(USER);
    this.#addPlain(nickEnd + 1, userEnd);
    this.#addKnown(END);
    if (this.#isUsual) out.length = this.#at;
    return this.#isUsual;
  }

  #addKnown(bytes: Uint8Array): void {
    const out = this.#out;
    let at = this.#at;
    for (let i = 0; i < bytes.length; i++) out[at++] = bytes[i]!;
    this.#at = at;
  }

  /** Adds whole microseconds as seconds, from 0.001 on as `formatSeconds` writes them. */
  #addSeconds(us: Micros): void {
    const fraction = us % SECOND_US;
    const second = (us - fraction) / SECOND_US;
    // Decimals below are printed with an exponent. No clock shows 1970.
    if (second === 0) this.#isUsual = false;
    this.#addWhole(second);
    this.#out[this.#at++] = POINT;
    let rest = fraction;
    let unit = SECOND_US / 10;
    do {
      const digit = Math.floor(rest / unit);
      this.#out[this.#at++] = ZERO + digit;
      rest -= digit * unit;
      unit /= 10;
    } while (rest > 0);
  }

  #addWhole(value: number): void {
    const out = this.#out;
    let count = 1;
    for (let next = 10; next <= value; next *= 10) count++;
    this.#at += count;
    let rest = value;
    for (let at = this.#at - 1; count > 0; count--, at--) {
      const tenth = Math.floor(rest / 10);
      out[at] = ZERO + rest - 10 * tenth;
      rest = tenth;
    }
  }

  #addPlain(from: number, to: number): void {
    const raw = this.#raw;
    const out = this.#out;
    let at = this.#at;
    let plain = 1;
    for (let i = from; i < to; i++) {
      const byte = raw[i]!;
      plain &= IS_PLAIN[byte]!;
      out[at++] = byte;
    }
    this.#at = at;
    if (plain === 0) this.#isUsual = false;
  }

  /** Adds text, escaping what canonical JSON escapes. */
  #addAnything(from: number, to: number): void {
    const raw = this.#raw;
    const out = this.#out;
    let at = this.#at;
    let i = from;
    for (; i < to && IS_PLAIN[raw[i]!] === 1; i++) out[at++] = raw[i]!;
    this.#at = at;
    // Rare, so it may be slow; and the rest of such a text is short.
    if (i < to) {
      this.#addKnown(UTF8.encode(formatString(UTF8_TEXT.decode(raw.subarray(i, to))).slice(1, -1)));
    }
  }

  #addCommand(from: number, to: number): void {
    const raw = this.#raw;
    if (from === to) this.#isUsual = false;
    for (let i = from; i < to; i++) {
      if (!(raw[i]! >= 0x41 && raw[i]! <= 0x5a)) this.#isUsual = false;
    }
    this.#addPlain(from, to);
  }

  /** Adds tags as fields, without the quote before the first key and the one after the last value. */
  #addTags(from: number, to: number): void {
    const raw = this.#raw;
    const out = this.#out;
    let at = this.#at;
    let plain = 1;
    let keyBefore = -1;
    let key = from;
    for (let i = from; i < to;) {
      for (; i < to && raw[i] !== EQUALS; i++) {
        // A semicolon here would be a tag without a value.
        plain &= raw[i] === SEMICOLON ? 0 : IS_PLAIN[raw[i]!]!;
        out[at++] = raw[i]!;
      }
      if (i === to || i === key || !this.#isAscending(keyBefore, key)) plain = 0;
      out[at++] = QUOTE;
      out[at++] = COLON;
      out[at++] = QUOTE;
      for (i++; i < to && raw[i] !== SEMICOLON; i++) {
        plain &= IS_PLAIN[raw[i]!]!;
        out[at++] = raw[i]!;
      }
      if (i === to) break;
      out[at++] = QUOTE;
      out[at++] = COMMA;
      out[at++] = QUOTE;
      keyBefore = key;
      key = ++i;
      if (i === to) plain = 0; // A semicolon at the end would begin another.
    }
    this.#at = at;
    if (plain === 0 || from >= to) this.#isUsual = false;
  }

  /** Whether the key at `x` comes before the one at `y`; both end at `=`, which counts as lowest. */
  #isAscending(x: number, y: number): boolean {
    if (x === -1) return true;
    const raw = this.#raw;
    while (raw[x] === raw[y] && raw[x] !== EQUALS) {
      x++;
      y++;
    }
    const right = raw[y]!;
    return right !== EQUALS && (raw[x] === EQUALS || raw[x]! < right);
  }
}

/** Where the name at `from` ends: at a space, `!` or `@`, or at `end`. */
function endOfName(raw: Uint8Array, from: number, end: number): number {
  let at = from;
  for (; at < end; at++) {
    const byte = raw[at]!;
    if (byte === SPACE || byte === BANG || byte === AT) break;
  }
  return at;
}
