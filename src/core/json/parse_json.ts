/**
 * `JSON.parse` that reads keys right in every engine, so that all nodes read the same from a file.
 *
 * V8 15.0 (Deno 2.9.6; seen 2026-11) takes an escaped key for another that it met before in the same
 * place, if the two begin alike up to a backslash: after `{"a":0,"q\\":0}` it reads
 * `{"a":0,"q\u0041":0}` as if the second key were `q\` too. V8 11 and 15.6 do not.
 *
 * @throws {SyntaxError} when `text` is no JSON.
 */
export function parseJson(text: string): unknown {
  const value = parseTwice(text);
  return text.includes("\\") && hasEscapedKey(text) ? rebuild(text) : value;
}

/**
 * V8 15.0 was seen once, in millions of generated cases, to refuse a valid object of repeated keys that it read right
 * the next time. A file must not be called unreadable for that, and what is no JSON is rare enough to be read twice.
 */
function parseTwice(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(text);
  }
}

function hasEscapedKey(text: string): boolean {
  for (const [, content = "", colon] of text.matchAll(STRING)) {
    if (colon !== undefined && content.includes("\\")) return true;
  }
  return false;
}

const STRING = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?/g;
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** An array or object that is being read. */
interface Open {
  readonly isArray: boolean;
  readonly values: unknown[];
  /** Of an object: one for each of the values, and one more while its value is awaited. */
  readonly keys: string[];
}

/** Reads JSON that is known to be valid. What nests deep takes memory, but no stack. */
function rebuild(text: string): unknown {
  const root: Open = { isArray: true, values: [], keys: [] };
  const open = [root];
  for (const [token] of text.matchAll(TOKEN)) {
    const into = open[open.length - 1]!;
    if (token === "{" || token === "[") {
      open.push({ isArray: token === "[", values: [], keys: [] });
    } else if (token === "}" || token === "]") {
      open.pop();
      open[open.length - 1]!.values.push(close(into));
    } else if (token !== "," && token !== ":") {
      // A lone value is read right: only objects remember keys.
      const value: unknown = JSON.parse(token);
      const isKey = !into.isArray && into.keys.length === into.values.length;
      if (isKey) into.keys.push(value as string);
      else into.values.push(value);
    }
  }
  return root.values[0];
}

function close({ isArray, values, keys }: Open): unknown {
  // Entries, because `__proto__` is just a key, and the last of equal keys wins, in the first's place.
  return isArray ? values : Object.fromEntries(keys.map((key, i) => [key, values[i]]));
}
