// toml-eslint-parser: of the parsers of TOML that are kept up, the one that tells where each key stands,
// so that an error about a value can name its line.
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";

/** The place of a value: keys of tables, and positions in lists, from the outside in. */
export type TomlPath = readonly (string | number)[];

/** The outcome of parsing TOML. */
export type ParsedToml =
  | {
    readonly ok: true;
    /** Its top table. Keys are data: any name may be one. */
    readonly value: { readonly [key: string]: unknown };
    /** The line, from 1, of the value at `path`, or of the innermost table or list around it. */
    lineOf(path: TomlPath): number;
  }
  | { readonly ok: false; readonly line: number; readonly reason: string };

/** Parses TOML 1.0. Never throws. */
export function parseTomlText(text: string): ParsedToml {
  try {
    const program = parseTOML(text, { tomlVersion: "1.0" });
    const value = getStaticTOMLValue(program);
    const lines = new Map<string, number>();
    for (const each of program.body[0].body) noteLines(each, { path: [], lines });
    return { ok: true, value, lineOf: (path) => lineOf(path, lines) };
  } catch (error) {
    if (error instanceof ParseError) {
      return { ok: false, line: error.lineNumber, reason: error.message };
    }
    // Values that are nested deeper than the stack of the runtime.
    if (error instanceof RangeError) return { ok: false, line: 1, reason: "It is nested too deep" };
    throw error;
  }
}

interface Place {
  readonly path: TomlPath;
  readonly lines: Map<string, number>;
}

type Entry = AST.TOMLKeyValue | AST.TOMLTable;

function noteLines(entry: Entry, { path, lines }: Place): void {
  const at = [...path, ...(entry.type === "TOMLTable" ? entry.resolvedKey : keysOf(entry.key))];
  note(at, { line: entry.loc.start.line, lines });
  if (entry.type === "TOMLTable") {
    for (const each of entry.body) noteLines(each, { path: at, lines });
  } else noteValue(entry.value, { path: at, lines });
}

function noteValue(value: AST.TOMLContentNode, { path, lines }: Place): void {
  if (value.type === "TOMLInlineTable") {
    for (const each of value.body) noteLines(each, { path, lines });
  } else if (value.type === "TOMLArray") {
    for (const [i, each] of value.elements.entries()) {
      note([...path, i], { line: each.loc.start.line, lines });
      noteValue(each, { path: [...path, i], lines });
    }
  }
}

function note(
  path: TomlPath,
  { line, lines }: { readonly line: number; readonly lines: Map<string, number> },
): void {
  const name = JSON.stringify(path);
  if (!lines.has(name)) lines.set(name, line);
}

function keysOf(key: AST.TOMLKey): string[] {
  return key.keys.map((each) => each.type === "TOMLBare" ? each.name : each.value);
}

function lineOf(path: TomlPath, lines: ReadonlyMap<string, number>): number {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(JSON.stringify(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return 1;
}
