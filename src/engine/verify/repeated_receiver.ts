/**
 * A receiver that a line of valid JSON names twice, or `undefined`. A JSON parser returns only the
 * last of the two.
 */
export function findRepeatedReceiver(line: string): string | undefined {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;
  let depth = 0;
  let field: string | undefined;
  let before: string | undefined;
  let receivers = new Set<string>();
  for (let match = token.exec(line); match !== null; match = token.exec(line)) {
    const [text] = match;
    if (text === "{" || text === "[") {
      depth++;
      if (depth === 2) receivers = new Set();
    } else if (text === "}" || text === "]") depth--;
    else if (text === ":" && before !== undefined) {
      // A string that a colon follows is a key.
      const key: string = JSON.parse(before);
      if (depth === 1) field = key;
      if (depth === 2 && field === "receivers") {
        if (receivers.has(key)) return key;
        receivers.add(key);
      }
    }
    before = text.startsWith('"') ? text : undefined;
  }
  return undefined;
}
