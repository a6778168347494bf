/** The longest line that is read, in UTF-16 units: 37 times the longest that Twitch was seen to send. */
const LINE_LENGTH_MAX = 65_536;

/**
 * Splits text into lines that end in LF or CR LF. Empty ones are left out; of one that is too long nothing is
 * kept, and `undefined` stands for it.
 */
export class TextLines {
  readonly #lengthMax: number;
  #rest = "";
  #isInLongLine = false;

  /** @param lengthMax the longest line, in UTF-16 units */
  constructor(lengthMax: number = LINE_LENGTH_MAX) {
    this.#lengthMax = lengthMax;
  }

  /** The lines that end in `text`, which is cut anywhere. */
  push(text: string): (string | undefined)[] {
    const lines: (string | undefined)[] = [];
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#add(text.slice(start, end));
      this.#finish(lines);
      start = end + 1;
    }
    this.#add(start === 0 ? text : text.slice(start));
    return lines;
  }

  /** The last line, if it has no line end; a fragment of one counts as too long. */
  end({ isTorn }: { readonly isTorn: boolean }): (string | undefined)[] {
    const lines: (string | undefined)[] = [];
    if (isTorn && this.#rest !== "") this.#isInLongLine = true;
    this.#finish(lines);
    return lines;
  }

  #add(text: string): void {
    if (this.#isInLongLine) return;
    this.#rest += text;
    if (this.#rest.length <= this.#lengthMax + 1) return;
    this.#rest = "";
    this.#isInLongLine = true;
  }

  #finish(lines: (string | undefined)[]): void {
    const line = this.#rest.endsWith("\r") ? this.#rest.slice(0, -1) : this.#rest;
    if (this.#isInLongLine) lines.push(undefined);
    else if (line !== "") lines.push(line);
    this.#rest = "";
    this.#isInLongLine = false;
  }
}
