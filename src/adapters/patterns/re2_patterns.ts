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
      const { RE2JS } = await import("./re2_engine.ts"); // Most nodes are never asked.
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
