/**
 * Tells whether folders have changed, for less than listing them costs. A store without folders, or one
 * that cannot tell, has none of this.
 */
export interface FolderVersions {
  /**
   * A text for each folder of the archive, given relative to it: as long as it stays the same, no file in the
   * folder comes, goes or is replaced; a folder that is not there has one too. `""` where that cannot be promised:
   * for a folder that changed in the last moments, or is not understood.
   *
   * May look at the disk at once, without letting other tasks run: ask for some hundred folders at a time.
   *
   * @throws {ChatloomError} when a database cannot be asked.
   */
  of(folders: readonly string[]): readonly string[] | Promise<readonly string[]>;
}
