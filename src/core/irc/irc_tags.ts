/** Tags of a message: own properties only, so `__proto__` is just a key. */
export type Tags = { readonly [key: string]: string };

/**
 * Parses tags as they stand in a line between `@` and the first space. Never throws.
 *
 * A key without `=` gets `""`, the last of equal keys wins, empty parts (`;;`) are ignored.
 *
 * @see {@link https://ircv3.net/specs/extensions/message-tags | IRCv3 message tags}
 */
export function parseTags(text: string): Tags {
  const entries: [string, string][] = [];
  for (const piece of text.split(";")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    if (equals === -1) entries.push([piece, ""]);
    else entries.push([piece.slice(0, equals), unescapeTagValue(piece.slice(equals + 1))]);
  }
  return Object.fromEntries(entries);
}

/**
 * Undoes the escapes of a tag's value. A backslash before any other character, or at the end, is dropped.
 *
 * @see {@link https://ircv3.net/specs/extensions/message-tags#escaping-values | IRCv3 escaping values}
 */
export function unescapeTagValue(value: string): string {
  if (!value.includes("\\")) return value;
  return value.replace(/\\([^]?)/g, (_, letter: string) => UNESCAPED.get(letter) ?? letter);
}

const UNESCAPED: ReadonlyMap<string, string> = new Map([
  [":", ";"],
  ["s", " "],
  ["r", "\r"],
  ["n", "\n"],
]);
