import { type Tags, unescapeTagValue } from "./irc_tags.ts";

/** The front of a line that follows a known layout. */
export interface MatchedPrefix {
  readonly tags: Tags;
  /** What follows the tags, if it is `:nick!user@host COMMAND middle :`, as most of chat is. */
  readonly rest:
    | {
      readonly sender: string;
      readonly user: string;
      readonly host: string;
      readonly command: string;
      readonly middle: string;
    }
    | undefined;
  /** Where reading goes on: after the colon of the trailing parameter, or after the tags. */
  readonly end: number;
}

/** An order of tags that Twitch uses, and how to parse a line that follows it. */
interface Layout {
  readonly keys: readonly string[];
  readonly pattern: RegExp;
  /** An object with just these keys: copying one is cheaper than making one key by key. */
  readonly template: Record<string, string>;
}

const REST = " +(?::([^ !@]*)!([^ !@]*)@([^ !@]*) +([A-Z0-9]+) +([^: ][^ ]*) +:)?";

// Bounds on what a hostile server can fill the cache with.
const LAYOUTS_MAX = 32;
const LAYOUT_LENGTH_MAX = 1024;
const CANDIDATES_MAX = 256;
const SEEN_OFTEN = 8;

/**
 * Parses lines by the orders of tags that came before.
 *
 * Twitch sends the same tags in the same order over and over. Each order that is seen often gets a
 * pattern, which the engine compiles: one run of it replaces dozens of searches.
 * That is speed only: the plain way reads every such line to an equal message, and tests compare
 * the two.
 */
export class TagLayoutCache {
  readonly #layouts: Layout[] = [];
  readonly #candidates = new Map<string, number>();

  /** Reads the front of `line`, which starts with `@`, if its layout is known. */
  match(line: string): MatchedPrefix | undefined {
    const layouts = this.#layouts;
    for (let i = 0; i < layouts.length; i++) {
      const layout = layouts[i]!;
      layout.pattern.lastIndex = 0;
      const found = layout.pattern.exec(line);
      if (found === null) continue;
      if (i > 0) {
        // Frequent layouts drift to the front.
        layouts[i] = layouts[i - 1]!;
        layouts[i - 1] = layout;
      }
      return readFront(layout, found);
    }
    return undefined;
  }

  /** Takes note of a line's tags, as they stand between `@` and the first space. */
  note(tags: string): void {
    if (tags.length > 8 * LAYOUT_LENGTH_MAX) return;
    const pieces = tags.split(";");
    const keys = pieces.map((piece) => piece.slice(0, piece.indexOf("=")));
    if (pieces.some((piece) => !piece.includes("="))) return;
    const name = keys.join(";");
    if (name.length > LAYOUT_LENGTH_MAX || keys.includes("__proto__")) return;
    if (new Set(keys).size < keys.length) return;

    const seen = (this.#candidates.get(name) ?? 0) + 1;
    if (seen < SEEN_OFTEN) {
      if (this.#candidates.size >= CANDIDATES_MAX) this.#candidates.clear();
      this.#candidates.set(name, seen);
      return;
    }
    this.#candidates.delete(name);
    if (this.#layouts.length === LAYOUTS_MAX) this.#layouts.pop();
    this.#layouts.push(layoutOf(keys));
  }
}

function layoutOf(keys: readonly string[]): Layout {
  const values = keys.map((key) => `${escapePattern(key)}=([^; ]*)`).join(";");
  return {
    keys,
    pattern: new RegExp(`@${values}${REST}`, "y"),
    template: Object.fromEntries(keys.map((key) => [key, ""])),
  };
}

function readFront({ keys, pattern, template }: Layout, found: RegExpExecArray): MatchedPrefix {
  const tags = { ...template };
  const count = keys.length;
  for (let i = 0; i < count; i++) {
    const value = found[i + 1]!;
    if (value !== "") tags[keys[i]!] = value; // Empty is what the template has.
  }
  const front = found[0];
  if (front.includes("\\")) {
    for (const key of keys) tags[key] = unescapeTagValue(tags[key]!);
  }
  const sender = found[count + 1];
  if (sender === undefined) return { tags, rest: undefined, end: pattern.lastIndex };
  return {
    tags,
    rest: {
      sender,
      user: found[count + 2]!,
      host: found[count + 3]!,
      command: found[count + 4]!,
      middle: found[count + 5]!,
    },
    end: pattern.lastIndex,
  };
}

function escapePattern(text: string): string {
  return text.replace(
    /[^A-Za-z0-9]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
