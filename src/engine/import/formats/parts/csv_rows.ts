/** The longest row that is read, in UTF-16 units. */
const ROW_LENGTH_MAX = 1024 * 1024;

/** More columns than this are no row: the longest that chat-downloader writes has some hundred. */
const COLUMNS_MAX = 5_000;

/**
 * Splits CSV (RFC 4180) into rows, cut anywhere. `undefined` stands for a row that is too long.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4180 | RFC 4180}
 */
export class CsvRows {
  #row: string[] = [];
  #field = "";
  #length = 0;
  #isQuoted = false;
  /** The last character was a quote inside a quoted field: its end, or the first of two. */
  #isAtQuote = false;

  /** The rows that end in `text`. */
  push(text: string): (readonly string[] | undefined)[] {
    const rows: (readonly string[] | undefined)[] = [];
    for (const letter of text) this.#take(letter, rows);
    return rows;
  }

  /** The last row, if it has no line end. */
  end(): (readonly string[] | undefined)[] {
    const rows: (readonly string[] | undefined)[] = [];
    if (this.#length > 0) this.#finishRow(rows);
    return rows;
  }

  #take(letter: string, rows: (readonly string[] | undefined)[]): void {
    this.#length++;
    if (this.#isQuoted && !this.#isAtQuote) {
      if (letter === '"') this.#isAtQuote = true;
      else this.#add(letter);
      return;
    }
    if (this.#isAtQuote) {
      this.#isAtQuote = false;
      if (letter === '"') return this.#add(letter);
      this.#isQuoted = false;
    }
    if (letter === '"' && this.#field === "") this.#isQuoted = true;
    else if (letter === ",") this.#finishField();
    else if (letter === "\n") this.#finishRow(rows);
    else if (letter !== "\r") this.#add(letter);
  }

  #add(letter: string): void {
    if (this.#length <= ROW_LENGTH_MAX) this.#field += letter;
  }

  #finishField(): void {
    if (this.#row.length < COLUMNS_MAX) this.#row.push(this.#field);
    this.#field = "";
  }

  #finishRow(rows: (readonly string[] | undefined)[]): void {
    this.#finishField();
    const isTooLong = this.#length > ROW_LENGTH_MAX || this.#row.length >= COLUMNS_MAX;
    if (isTooLong) rows.push(undefined);
    else if (this.#row.length > 1 || this.#row[0] !== "") rows.push(this.#row);
    this.#row = [];
    this.#length = 0;
    this.#isQuoted = this.#isAtQuote = false;
  }
}
