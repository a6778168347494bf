import { type ArchiveKey, formatHour, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { type Micros, SECOND_US } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { UnsettledNotes, UnsettledPlace } from "../../ports/notes/unsettled_notes.ts";
import { NoteQueue } from "../notes/note_queue.ts";

interface Noted extends UnsettledPlace {
  /** Puts that have not ended. */
  running: number;
  /** When the last put began or ended. */
  touchedUs: Micros;
}

/** A note stays at least this long after the last put: the same hour is likely to get more. */
const QUIET_US = 300 * SECOND_US;

/** What {@link Unsettled} works with. */
export interface UnsettledOptions {
  /** Tells how long an hour has been quiet. */
  readonly clock: Clock;
  /** Gets a report when notes cannot be kept, which after a crash may leave minutes unsettled. */
  readonly reporter: Reporter;
}

/**
 * Remembers across crashes which hours have new files and may not be settled yet: an hour is noted
 * before the first put, and the note goes when a {@link Settler} has settled the hour. Cost: one small
 * write an hour of a channel.
 */
export class Unsettled {
  readonly #notes: UnsettledNotes;
  readonly #options: UnsettledOptions;
  readonly #noted = new Map<string, Noted>();
  readonly #queue: NoteQueue;

  /** Keeps its notes in `notes`. */
  constructor(notes: UnsettledNotes, options: UnsettledOptions) {
    this.#notes = notes;
    this.#options = options;
    this.#queue = new NoteQueue({
      reporter: options.reporter,
      counter: "unsettled_note_errors",
      warning: "Cannot note unsettled hours: a crash may leave minutes unsettled",
    });
  }

  /** The same store, which notes an hour before a file of it is put. Keeps every promise of `store`. */
  watch(store: BatchStore): BatchStore {
    return {
      list: (prefix, options) => store.list(prefix, options),
      folders: (folder, options) => store.folders(folder, options),
      get: (key, options) => store.get(key, options),
      delete: (key, options) => store.delete(key, options),
      strays: (prefix, options) => store.strays(prefix, options),
      put: async (key, bytes, options) => {
        const noted = await this.#begin(key);
        try {
          await store.put(key, bytes, options);
        } finally {
          this.#end(noted);
        }
      },
    };
  }

  /**
   * The hours that killed processes left unsettled. They stay noted until they are settled.
   *
   * Never throws: notes that cannot be read are reported.
   */
  async left(): Promise<readonly UnsettledPlace[]> {
    const places = await this.#queue.attempt(() => this.#notes.takeOver()) ?? [];
    const touchedUs = this.#options.clock.elapsedUs();
    for (const place of places) {
      const name = nameOf(place);
      if (!this.#noted.has(name)) this.#noted.set(name, { ...place, running: 0, touchedUs });
    }
    return places;
  }

  /**
   * Removes the notes of hours without work.
   *
   * @param isPending whether the settler still has work there
   * @param options.isLast whether no more files will be stored: then hours that were just settled are removed, too
   */
  async sweep(
    isPending: (place: UnsettledPlace) => boolean,
    { isLast }: { readonly isLast: boolean },
  ): Promise<void> {
    const quietSinceUs = this.#options.clock.elapsedUs() - QUIET_US;
    for (const [name, noted] of this.#noted) {
      if (noted.running > 0 || isPending(noted)) continue;
      if (!isLast && noted.touchedUs > quietSinceUs) continue;
      this.#noted.delete(name);
      await this.#queue.change(name, () => this.#notes.remove(noted));
    }
  }

  /** When {@link Unsettled.sweep} may next find a note to remove; `Infinity` if there is none. */
  get sweepUs(): Micros {
    if (this.#noted.size === 0) return Infinity;
    let firstUs = Infinity;
    for (const { touchedUs } of this.#noted.values()) firstUs = Math.min(firstUs, touchedUs);
    return Math.max(firstUs + QUIET_US, this.#options.clock.elapsedUs() + QUIET_US / 5);
  }

  async #begin(key: ArchiveKey): Promise<Noted | undefined> {
    const place = placeOf(key);
    if (place === undefined) return undefined;
    const touchedUs = this.#options.clock.elapsedUs();
    const name = nameOf(place);
    const known = this.#noted.get(name);
    const noted = known ?? { ...place, running: 0, touchedUs };
    noted.running++;
    noted.touchedUs = touchedUs;
    if (known === undefined) {
      this.#noted.set(name, noted);
      await this.#queue.change(name, () => this.#notes.add(place));
    } else {
      await this.#queue.idle(name); // The caller that noted it may not be done.
    }
    return noted;
  }

  #end(noted: Noted | undefined): void {
    if (noted === undefined) return;
    noted.running--;
    noted.touchedUs = this.#options.clock.elapsedUs();
  }
}

/** The hour that has to be settled once `key` is stored; `undefined` if none has. */
function placeOf(key: ArchiveKey): UnsettledPlace | undefined {
  const parts = parseArchiveKey(key);
  if (parts === undefined) return undefined;
  const { channel, kind } = parts;
  if (kind === "redaction") return { channel, hour: "" };
  return { channel, hour: formatHour(kind === "coverage" ? parts.hourUs : parts.minuteUs) };
}

function nameOf({ channel, hour }: UnsettledPlace): string {
  return `${channel}/${hour}`;
}
