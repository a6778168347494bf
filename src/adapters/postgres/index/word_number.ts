import { wordHash } from "../../index_rows/word_token.ts";

/** Where a word was said. */
export interface WordPlace {
  /** The channel's number. */
  readonly channel: number;
  /** The number of its six weeks. */
  readonly block: number;
  /** Of this index: words cannot be looked up in lists made for all. */
  readonly salt: number;
}

/**
 * What stands in the index for a word: a number of 32 bits with its sign. Two words that share one in a channel's six
 * weeks make the index name minutes too many, in which the word is not found.
 */
export function wordNumber(word: string, { channel, block, salt }: WordPlace): number {
  const seed = salt ^ Math.imul(channel, 2654435761) ^ Math.imul(block + 1, 1597334677);
  return wordHash(word, seed) % 2 ** 32 | 0;
}
