import type { Random } from "../../ports/random.ts";

/** Random numbers from the platform's own source, good enough for unique names. */
export function systemRandom(): Random {
  return {
    next() {
      const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
      // All 53 bits of a double's fraction, none of them rounded: 1 never comes out.
      return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
    },
  };
}
