import { concatBytes } from "../../../core/bytes.ts";

/**
 * Decodes chunks of bytes to text. A character that is cut by the end of a chunk waits for
 * its rest; invalid bytes become U+FFFD, by the rules of the WHATWG Encoding Standard, and are
 * counted.
 */
export class Utf8Decoder {
  readonly #strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #lenient = new TextDecoder("utf-8", { ignoreBOM: true });
  // The beginning of a character: one to three bytes.
  #begun: Uint8Array = new Uint8Array();
  #replacedCount = 0;

  /** How many U+FFFD replaced invalid bytes so far. */
  get replacedCount(): number {
    return this.#replacedCount;
  }

  /** The text of all whole characters up to the end of `bytes`, which the caller keeps. */
  decode(bytes: Uint8Array): string {
    const all = this.#begun.length === 0 ? bytes : concatBytes([this.#begun, bytes]);
    const end = all.length - begunLength(all);
    this.#begun = all.slice(end);
    return this.#text(all.subarray(0, end));
  }

  /** Ends the text: an unfinished character is invalid. */
  end(): string {
    const begun = this.#begun;
    this.#begun = new Uint8Array();
    return this.#text(begun);
  }

  #text(bytes: Uint8Array): string {
    if (bytes.length === 0) return "";
    try {
      return this.#strict.decode(bytes);
    } catch {
      // Not an error: it is counted, and the raw line keeps what could be read.
      const text = this.#lenient.decode(bytes);
      this.#replacedCount += occurrences(text) - sentReplacements(bytes);
      return text;
    }
  }
}

/** The length of the unfinished character at the end of `bytes`: 0 to 3. */
function begunLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue; // Continues an earlier byte.
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

function occurrences(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\ufffd"); at >= 0; at = text.indexOf("\ufffd", at + 1)) count++;
  return count;
}

/** How many U+FFFD the sender really wrote: EF BF BD. */
function sentReplacements(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) count++;
  }
  return count;
}
