/** A longer word counts by its beginning: what a hostile line can put into an index is bounded. */
const WORD_MAX_LENGTH = 64;

// Scripts without spaces between words, and pictures: each character counts as a word.
const SINGLE =
  String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}` +
  String.raw`\p{Script=Khmer}\p{Script=Myanmar}\p{Extended_Pictographic}`;
const WORD = new RegExp(
  String.raw`(?![0-9#*])[${SINGLE}]|(?:(?![${SINGLE}])[\p{L}\p{M}\p{N}_]|[0-9])+`,
  "gu",
);
const ASCII_WORD = /[a-z0-9_]+/g;
// deno-lint-ignore no-control-regex -- the bounds of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/**
 * Text as it is compared without regard to case and form: compatible characters as one (NFKC), letters
 * folded, so that `ＳＴＲＡßE`, `strasse` and `Strasse` are equal. Accents stay: `é` is not `e`. Folding twice
 * changes nothing.
 *
 * @see {@link https://www.unicode.org/reports/tr15/ | Unicode normalization forms}
 */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  // Letters that share an upper case are folded to the same: `ß` as `ss`. `ẞ` is lowered to `ß` first.
  const raised = text.normalize("NFKC").toLowerCase().toUpperCase();
  return raised.toLowerCase().normalize("NFKC").replaceAll("ς", "σ");
}

/**
 * The words of a text, folded, each once, in order of appearance: runs of letters, marks, digits and `_`;
 * of scripts without spaces, and of pictures, each character. A word of more than 64 UTF-16 units counts by its
 * first 64. Indexes and scans both use this, so that they find the same.
 *
 * @example
 * ```ts
 * import { wordsOf } from "./fold_words.ts";
 * wordsOf("Über-RAID, raid 日本!"); // ["über", "raid", "日", "本"]
 * ```
 */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  addWords(words, text);
  return [...words];
}

/** As {@link wordsOf}, into `words`. */
export function addWords(words: Set<string>, text: string): void {
  const folded = foldText(text);
  const found = folded.match(ASCII.test(folded) ? ASCII_WORD : WORD);
  if (found === null) return;
  for (const word of found) {
    words.add(word.length > WORD_MAX_LENGTH ? word.slice(0, WORD_MAX_LENGTH) : word);
  }
}
