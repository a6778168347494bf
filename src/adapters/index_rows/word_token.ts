const SPACE = 36 ** 7;

/**
 * What stands in the index for a word: seven letters or digits, so that the index holds no text. Two words in
 * about 80 billion share one: the index then names minutes too many, in which the word is not found.
 *
 * @param salt of this index: words cannot be looked up in lists made for all.
 */
export function wordToken(word: string, salt: number): string {
  return (wordHash(word, salt) % SPACE).toString(36).padStart(7, "0");
}

/** A word as a number below 2^53, spread by `seed`. */
export function wordHash(word: string, seed: number): number {
  let [high, low] = [seed ^ 0xdeadbeef, seed ^ 0x41c6ce57];
  for (let i = 0; i < word.length; i++) {
    const unit = word.charCodeAt(i);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ high >>> 16, 2246822507) ^ Math.imul(low ^ low >>> 13, 3266489909);
  low = Math.imul(low ^ low >>> 16, 2246822507) ^ Math.imul(high ^ high >>> 13, 3266489909);
  return 2 ** 21 * (high >>> 0) + (low >>> 11);
}
