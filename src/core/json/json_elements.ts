import { parseJson } from "./parse_json.ts";

/** A value in a large text of JSON. */
export interface JsonElement {
  /** The key of the outermost object under which it stands; `""` in an outermost array. */
  readonly key: string;
  /** It is one of several in an array there; otherwise it is the key's only value. */
  readonly isInArray: boolean;
  /** Its JSON, not yet parsed; `undefined` if it is longer or deeper than is read. */
  readonly text: string | undefined;
}

/** Longer values are passed over. */
const LENGTH_MAX = 1024 * 1024;

/** Values that nest deeper are passed over. */
const DEPTH_MAX = 64;

type Place = "start" | "members" | "beforeValue" | "elements" | "value" | "done";

/**
 * Splits a large text of JSON into the values of its outermost object or array, and those of arrays that
 * stand there, so that each can be parsed by itself: memory does not grow with the text. Commas may stand
 * where none belongs. Never throws; what is no JSON ends the work.
 */
export class JsonElements {
  #place: Place = "start";
  #isRootArray = false;
  #isKey = false;
  #isInArray = false;
  #key = "";
  /** Of the value that is being read: its text so far; `undefined` once it is not kept. */
  #held: string | undefined;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isBroken = false;

  /** Whether the outermost value has ended. */
  get isDone(): boolean {
    return this.#place === "done";
  }

  /** Whether the text is no JSON: nothing more of it is read. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Whether a value has begun and not ended. */
  get isInValue(): boolean {
    return this.#place === "value";
  }

  /** The values that end in `text`, which is cut anywhere, in order. */
  push(text: string): JsonElement[] {
    const found: JsonElement[] = [];
    let at = 0;
    while (at < text.length && this.#place !== "done") {
      at = this.#place === "value" ? this.#scanValue(text, at, found) : this.#scanBetween(text, at);
    }
    return found;
  }

  /** Reads one character outside of values. Returns where reading goes on. */
  #scanBetween(text: string, at: number): number {
    const letter = text[at]!;
    if (SPACE.has(letter) || (letter === "," && this.#place !== "start")) return at + 1;
    switch (this.#place) {
      case "start":
        if (letter === "{") this.#place = "members";
        else if (letter === "[") {
          this.#isRootArray = true;
          this.#place = "elements";
        } else return this.#break(text);
        return at + 1;
      case "members":
        if (letter === "}") this.#place = "done";
        else if (letter === ":") this.#place = "beforeValue";
        else if (letter === '"') return this.#begin(at, { isKey: true, isInArray: false });
        else return this.#break(text);
        return at + 1;
      case "beforeValue":
        if (letter !== "[") return this.#begin(at, { isKey: false, isInArray: false });
        this.#place = "elements";
        return at + 1;
      default:
        if (letter !== "]") return this.#begin(at, { isKey: false, isInArray: true });
        this.#place = this.#isRootArray ? "done" : "members";
        return at + 1;
    }
  }

  #break(text: string): number {
    this.#isBroken = true;
    this.#place = "done";
    return text.length;
  }

  #begin(at: number, kind: { readonly isKey: boolean; readonly isInArray: boolean }): number {
    this.#place = "value";
    this.#isKey = kind.isKey;
    this.#isInArray = kind.isInArray;
    this.#held = "";
    this.#depth = 0;
    return at;
  }

  /** Reads on in a value. Returns where reading goes on. */
  #scanValue(text: string, from: number, found: JsonElement[]): number {
    let at = from;
    while (at < text.length) {
      if (this.#isInString) {
        at = this.#scanString(text, at);
        if (this.#isInString || this.#depth > 0) continue;
        return this.#end(text, { from, to: at }, found);
      }
      const letter = text[at]!;
      if (letter === '"') {
        this.#isInString = true;
      } else if (letter === "{" || letter === "[") {
        if (++this.#depth > DEPTH_MAX) this.#held = undefined;
      } else if (letter === "}" || letter === "]") {
        if (this.#depth === 0) return this.#end(text, { from, to: at }, found);
        if (--this.#depth === 0) return this.#end(text, { from, to: at + 1 }, found);
      } else if (this.#depth === 0 && (letter === "," || SPACE.has(letter))) {
        return this.#end(text, { from, to: at }, found);
      }
      at++;
    }
    this.#hold(text, from, at);
    return at;
  }

  #scanString(text: string, from: number): number {
    if (this.#isEscaped) {
      this.#isEscaped = false;
      return from + 1;
    }
    // Pictures stand in such files as strings of megabytes: most of the text is passed over here.
    QUOTE.lastIndex = from;
    const at = QUOTE.exec(text)?.index;
    if (at === undefined) return text.length;
    if (text[at] === "\\") this.#isEscaped = true;
    else this.#isInString = false;
    return at + 1;
  }

  #hold(text: string, from: number, to: number): void {
    if (this.#held === undefined) return;
    if (this.#held.length + to - from > LENGTH_MAX) this.#held = undefined;
    else this.#held += text.slice(from, to);
  }

  #end(
    text: string,
    { from, to }: { readonly from: number; readonly to: number },
    found: JsonElement[],
  ): number {
    this.#hold(text, from, to);
    const held = this.#held;
    this.#held = undefined;
    if (this.#isKey) {
      this.#key = held === undefined ? "" : keyOf(held);
      this.#place = "members";
      return to;
    }
    const key = this.#isRootArray ? "" : this.#key;
    found.push({ key, isInArray: this.#isInArray, text: held });
    this.#place = this.#isInArray ? "elements" : "members";
    return to;
  }
}

const SPACE: ReadonlySet<string> = new Set([" ", "\t", "\r", "\n", "\ufeff"]);
const QUOTE = /["\\]/g;

function keyOf(text: string): string {
  try {
    return parseJson(text) as string;
  } catch {
    return "";
  }
}
