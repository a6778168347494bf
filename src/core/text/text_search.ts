import type { IrcMessage } from "../batch/message.ts";
import { foldText, wordsOf } from "./fold_words.ts";
import { searchedText } from "./message_filter.ts";

/** What a text must hold: all of some words, and all of some phrases. */
export interface TextSearch {
  /** Folded, as `wordsOf` gives them: also those of the phrases. An index narrows by them. */
  readonly words: readonly string[];
  /** Folded texts that must stand there as they are. */
  readonly phrases: readonly string[];
}

/** Longer texts are searched in their beginning. Twitch takes 500 characters. */
const TEXT_MAX_LENGTH = 4_096;

/** How people write a search, for hints and descriptions. */
export const TEXT_SEARCH_FORM =
  'whole words in any order and case; "a phrase" in quotes as it stands';

/**
 * Reads a search as people write it: words, and phrases in quotes. A quote without an end counts to the end. What
 * holds no word, such as `:)`, is a phrase. Never throws.
 */
export function parseTextSearch(written: string): TextSearch {
  const phrases = new Set<string>();
  for (const [i, part] of written.split('"').entries()) {
    const isQuoted = i % 2 === 1;
    for (const piece of isQuoted ? [part.trim()] : part.split(/\s+/)) {
      if (piece !== "" && (isQuoted || wordsOf(piece).length === 0)) phrases.add(foldText(piece));
    }
  }
  return { words: wordsOf(written.replaceAll('"', " ")), phrases: [...phrases] };
}

/** The part of a message's text that searches look at. */
export function searchableText(message: Pick<IrcMessage, "params" | "tags">): string {
  return searchedText(message).slice(0, TEXT_MAX_LENGTH);
}

/** Whether a message holds all words and phrases. */
export function meetsTextSearch(
  message: Pick<IrcMessage, "params" | "tags">,
  { words, phrases }: TextSearch,
): boolean {
  if (words.length === 0 && phrases.length === 0) return true;
  const text = searchableText(message);
  const own = new Set(wordsOf(text));
  if (!words.every((word) => own.has(word))) return false;
  if (phrases.length === 0) return true;
  const folded = foldText(text);
  return phrases.every((phrase) => folded.includes(phrase));
}
