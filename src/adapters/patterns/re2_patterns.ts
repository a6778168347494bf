// re2js, because it is the port of RE2 to JavaScript that is kept up (a release two weeks before it was taken in,
// 2026-11), has no dependencies and no native code, and matches in linear time: a pattern of a stranger cannot
// hold a core. It is loaded with the first pattern.
import type { TextPatterns } from "../../ports/text_patterns.ts";

/** Longer patterns are refused: time and memory grow with them. */
const PATTERN_MAX_LENGTH = 256;

/** Patterns in the syntax of RE2. */
export function re2Patterns(): TextPatterns {
  return {
    async compile(pattern) {
      if (pattern.length > PATTERN_MAX_LENGTH) {
        throw new SyntaxError(`it is longer than ${PATTERN_MAX_LENGTH} characters`);
      }
      const { RE2JS } = await import("re2js");
      try {
        const compiled = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL);
        return (text) => compiled.test(text);
      } catch (cause) {
        // Only its own exceptions, which all say what is wrong with the pattern.
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new SyntaxError(reason, { cause });
      }
    },
  };
}
