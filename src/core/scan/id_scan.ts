const LATIN_1 = new TextDecoder("latin1");

// Between quotes of canonical JSON every quote is escaped, so this stands nowhere but at a tag: no other
// field is called so, and a receiver of this name has no text.
const ID_TAG = /"id":"((?:[^"\\]|\\.)+)"/g;

/** Whether two lines of a canonical batch have the same `id` tag; an empty one counts for none. */
export function hasRepeatedId(bytes: Uint8Array): boolean {
  const ids = new Set<string>();
  let count = 0;
  for (const [, id] of LATIN_1.decode(bytes).matchAll(ID_TAG)) {
    ids.add(id!);
    if (ids.size !== ++count) return true;
  }
  return false;
}
