/** What the database holds is not what was written there. */
export class DamagedIndexError extends Error {
  /** An index in which `reason` was found. */
  constructor(reason: string) {
    super(`The index is damaged: ${reason}`);
    this.name = "DamagedIndexError";
  }
}
