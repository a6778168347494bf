// Control characters; line ends of Unicode; the marks that turn the direction of text around.
// deno-lint-ignore no-control-regex -- they are the subject
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * `text` with control characters written as `\u001b` and the like. Chat is written by
 * strangers: no part of it may steer a reader's terminal, forge a line of a log or turn one around.
 */
export function escapeControls(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
