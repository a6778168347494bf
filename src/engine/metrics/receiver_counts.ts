/** The messages of a batch by how many receivers each has: at index 2 those with two. */
export type ReceiverCounts = readonly number[];

/** Messages with more receivers than this are counted with those that have this many. */
export const RECEIVERS_MAX = 4;

const LATIN_1 = new TextDecoder("latin1");
const RECEIVERS = `"receivers":{`;

/**
 * Counts the messages of a canonical batch by their receivers without parsing them: it is done for
 * every batch that is stored, also on a node that records thousands of lines a second. A batch in
 * another form may be counted wrong.
 */
export function countReceivers(bytes: Uint8Array): ReceiverCounts {
  const text = LATIN_1.decode(bytes); // Pure ASCII: one byte a character.
  const counts = Array<number>(RECEIVERS_MAX + 1).fill(0);
  // In a string each quote has a backslash before it, so this matches a field only.
  for (let at = text.indexOf(RECEIVERS); at !== -1; at = text.indexOf(RECEIVERS, at + 1)) {
    const count = Math.min(RECEIVERS_MAX, countFields(text, at + RECEIVERS.length));
    counts[count]!++;
  }
  return counts;
}

/** The fields of the object whose brace is before `from`; its names have no quotes in them. */
function countFields(text: string, from: number): number {
  let depth = 1;
  let count = 0;
  for (let at = from; at < text.length && depth > 0; at++) {
    const letter = text[at];
    if (letter === '"') at = text.indexOf('"', at + 1); // Past a name.
    else if (letter === ":" && depth === 1) count++;
    else if (letter === "{") depth++;
    else if (letter === "}") depth--;
    if (at === -1) break;
  }
  return count;
}
