/** What a manifest holds of a message: nothing that can be read. */
export interface LineMark {
  /** Of its content, whatever heard it: the first 96 bits of a digest, in base64url. */
  readonly content: string;
  /** Of everything by which an order can reach it: the first 48 bits of digests, in base64url, in order. */
  readonly names: readonly string[];
}

const CONTENT_LENGTH = 16;
const NAME_LENGTH = 8;

/**
 * A mark of the digests of a message's content and of each of its names, which are texts of 43 letters
 * (`toDigestText`).
 */
export function lineMark(content: string, names: readonly string[]): LineMark {
  return { content: content.slice(0, CONTENT_LENGTH), names: names.map(nameMark).sort() };
}

/** The mark of a name with this digest. */
export function nameMark(name: string): string {
  return name.slice(0, NAME_LENGTH);
}

/** Writes a mark as one text. Undone by {@link parseLineMark}. */
export function formatLineMark({ content, names }: LineMark): string {
  return content + names.join("");
}

/** Reads what {@link formatLineMark} wrote; `undefined` if it is no such text. */
export function parseLineMark(text: string): LineMark | undefined {
  const rest = text.length - CONTENT_LENGTH;
  if (rest < 0 || rest % NAME_LENGTH !== 0 || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const names: string[] = [];
  for (let at = CONTENT_LENGTH; at < text.length; at += NAME_LENGTH) {
    names.push(text.slice(at, at + NAME_LENGTH));
  }
  return { content: text.slice(0, CONTENT_LENGTH), names };
}
