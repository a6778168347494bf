/** Messages that recorders have received and not stored yet, for other processes on the same archive. */
export interface LiveLines {
  /**
   * Gives lines, as files hold them, to those who follow. They are kept for some minutes at most, and may be
   * lost: the files will have them.
   *
   * @throws {ChatloomError} when they cannot be given.
   */
  send(lines: readonly string[]): Promise<void>;

  /**
   * Tells of lines that others sent in the last minutes, and of each that they send until `signal` aborts; then
   * it resolves. While it cannot be told of lines it tries again. A line may be told twice.
   *
   * @param onLine gets the id of the sending process and a line.
   */
  follow(onLine: (sender: string, line: string) => void, signal: AbortSignal): Promise<void>;
}
