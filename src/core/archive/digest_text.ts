const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Letter by its code → six bits; 0 for others. */
const VALUE_OF = new Uint8Array(128);
[...ALPHABET].forEach((letter, value) => VALUE_OF[letter.charCodeAt(0)] = value);

/**
 * A SHA-256 as it stands in file names: base64url (RFC 4648, section 5) without padding, 43 letters.
 *
 * @throws {RangeError} when `digest` is not 32 bytes long.
 */
export function toDigestText(digest: Uint8Array): string {
  if (digest.length !== 32) throw new RangeError(`Cannot name a digest of ${digest.length} bytes`);
  let text = "";
  for (let i = 0; i < 32; i += 3) {
    const bits = (digest[i]! << 16) | ((digest[i + 1] ?? 0) << 8) | (digest[i + 2] ?? 0);
    text += ALPHABET[bits >> 18]! + ALPHABET[(bits >> 12) & 63]! +
      ALPHABET[(bits >> 6) & 63]! + ALPHABET[bits & 63]!;
  }
  return text.slice(0, 43);
}

/** Whether `text` is what {@link toDigestText} writes for some digest. */
export function isDigestText(text: string): boolean {
  // 43 letters hold 258 bits: the last two must be zero, or two names would mean one digest.
  return /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text);
}

/** The 32 bytes that `text` names. Ask {@link isDigestText} first: this does not. */
export function fromDigestText(text: string): Uint8Array {
  const digest = new Uint8Array(32);
  let bits = 0;
  let count = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    bits = ((bits << 6) | (VALUE_OF[text.charCodeAt(i)] ?? 0)) & 0xffff;
    count += 6;
    if (count >= 8 && at < 32) {
      count -= 8;
      digest[at++] = (bits >> count) & 0xff;
    }
  }
  return digest;
}
