import { type UnreadableEntry, UnreadableEntryError } from "../../../core/errors/errors.ts";

/** What could not be read while other things could. */
export class Faults {
  readonly #entries = new Map<string, UnreadableEntry>();

  /** Yields `items`; a verdict at their end is kept. */
  async *of<T>(items: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* items;
    } catch (error) {
      this.#keep(error);
    }
  }

  /** What `work` resolves to; a verdict is kept. */
  async ofOne<T>(work: Promise<T>): Promise<T | undefined> {
    return await work.catch((error: unknown) => this.#keep(error));
  }

  /** Keeps what `other` kept, too. */
  add(other: Faults): void {
    for (const entry of other.#entries.values()) this.#entries.set(entry.path, entry);
  }

  /** @throws {UnreadableEntryError} when anything could not be read. */
  throwAny(): void {
    const [first, ...rest] = this.#entries.values();
    if (first !== undefined) throw new UnreadableEntryError("STORE_IO", [first, ...rest]);
  }

  #keep(error: unknown): undefined {
    if (!(error instanceof UnreadableEntryError)) throw error;
    for (const entry of error.entries) this.#entries.set(entry.path, entry);
  }
}
