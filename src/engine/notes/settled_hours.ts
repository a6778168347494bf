import { type ArchiveKey, formatHour } from "../../core/archive/archive_key.ts";
import { toDigestText } from "../../core/archive/digest_text.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Micros } from "../../core/time.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** Goes up when another normal form, or another way to name what decides it, makes old notes void. */
const NOTES_VERSION = 1;

/** What {@link SettledHours} works with. */
export interface SettledHoursOptions extends AbortOptions {
  readonly notes: SettledNotes;
  readonly hasher: Hasher;
  /** Told when notes cannot be read or written, which costs time and nothing else. */
  readonly reporter: Reporter;
}

const UTF8 = new TextEncoder();

/**
 * Remembers of one channel which hours are settled, so that settling them again costs a listing.
 *
 * A file never changes, so the names of all files that decide an hour say whether it is settled: its
 * own batches and tombstones, those of the hours beside it, and the channel's redactions. Where files of
 * other hours had a part in an hour, it is not noted. A file that was damaged under its name is for
 * `verify` to find.
 */
export class SettledHours {
  readonly #channel: string;
  readonly #options: SettledHoursOptions;
  readonly #redactions: readonly ArchiveKey[];
  readonly #notes: Map<string, string>;
  #isChanged = false;

  private constructor(
    channel: string,
    options: SettledHoursOptions,
    { redactions, notes }: {
      readonly redactions: readonly ArchiveKey[];
      readonly notes: ReadonlyMap<string, string>;
    },
  ) {
    this.#channel = channel;
    this.#options = options;
    this.#redactions = redactions;
    this.#notes = new Map(notes);
  }

  /** The notes of `channel`, whose redactions are `redactions`, in order. Never throws. */
  static async open(
    channel: string,
    redactions: readonly ArchiveKey[],
    options: SettledHoursOptions,
  ): Promise<SettledHours> {
    const { notes, signal } = options;
    const known = await attempt(() => notes.read(channel, { signal }), options.reporter);
    return new SettledHours(channel, options, { redactions, notes: known ?? new Map() });
  }

  /**
   * Whether the hour that starts at `hourUs` is noted as settled by just these files.
   *
   * @param around the batches and tombstones of the hour and of those beside it, in order.
   */
  async has(hourUs: Micros, around: readonly ArchiveKey[]): Promise<boolean> {
    const note = this.#notes.get(formatHour(hourUs));
    return note !== undefined && note === await this.#noteOf(around);
  }

  /** Notes the hour as settled by these files. */
  async note(hourUs: Micros, around: readonly ArchiveKey[]): Promise<void> {
    const note = await this.#noteOf(around);
    const hour = formatHour(hourUs);
    if (this.#notes.get(hour) === note) return;
    this.#notes.set(hour, note);
    this.#isChanged = true;
  }

  /**
   * Writes down what was noted. Of all hours there are, if they are given, others are forgotten. Never
   * throws.
   */
  async save(hours?: ReadonlySet<Micros>): Promise<void> {
    const names = hours && new Set([...hours].map(formatHour));
    for (const hour of this.#notes.keys()) {
      if (names?.has(hour) === false) this.#isChanged = this.#notes.delete(hour);
    }
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const { notes, reporter } = this.#options;
    await attempt(() => notes.write(this.#channel, this.#notes), reporter);
  }

  async #noteOf(around: readonly ArchiveKey[]): Promise<string> {
    const names = [`${NOTES_VERSION}`, ...this.#redactions, ...around].join("\n");
    return toDigestText(await this.#options.hasher.digest(UTF8.encode(names)));
  }
}

async function attempt<T>(work: () => Promise<T>, reporter: Reporter): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ChatloomError)) throw error;
    const { code, message } = error;
    reporter.report("info", "Cannot keep notes of what is settled: it is looked at again", {
      code,
      error: message,
    });
    return undefined;
  }
}
