/** Makes regular expressions that strangers write into tests of a text, in time linear in the text. */
export interface TextPatterns {
  /**
   * A test whether a text holds a match of `pattern`, in any case. It takes time proportional to the length of the
   * text, for any pattern and text: there is no backtracking.
   *
   * @throws {SyntaxError} when it is no pattern, one that cannot be matched in linear time (with references back
   * or looks around), or one that would take too much memory.
   */
  compile(pattern: string): Promise<(text: string) => boolean>;
}
