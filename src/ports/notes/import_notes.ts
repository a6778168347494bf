import type { AbortOptions } from "../batch_store.ts";

/** Which parts of a source were imported whole, so that an import goes on where it was interrupted. */
export interface ImportNotes {
  /** The parts of a source that are done. Losing notes costs time only: importing again changes nothing. */
  read(source: string, options?: AbortOptions): Promise<ReadonlySet<string>>;

  /** Notes that a part is done: its messages are stored. */
  add(source: string, part: string): Promise<void>;
}
