import { type ArchiveKey, formatHour, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import { firstPathOf } from "../../../core/archive/first_layout.ts";
import type { AbortOptions } from "../../../ports/batch_store.ts";
import type { HourNotes } from "../../../ports/notes/hour_notes.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { NoteQueue } from "../../notes/note_queue.ts";

/** The notes on an hour, beside the files that are there. */
export interface HourMemory {
  /** Names of files whose messages stand in others or are redacted: never fetched again. */
  readonly superseded: ReadonlySet<string>;
  /** Names of files that no reader can read: never fetched again. */
  readonly unreadable: ReadonlySet<string>;
  /** Names of files that were there at the last look. */
  readonly present: ReadonlySet<string>;
}

/** At most this many names are remembered of an hour, the latest ones. */
const NAMES_MAX = 50_000;

/**
 * Remembers which files of an hour were merged into others, so that they are not fetched again from
 * a peer that still has them.
 *
 * A note is valid only while the file that holds the messages exists. So the files that are there are
 * noted as well, and if one of them has vanished though chatloom did not delete it, the notes on
 * the hour are forgotten: then every file is fetched that any peer has. Losing notes only costs fetches.
 *
 * A note is a line: `-NAME` superseded, `+NAME` was there, `!NAME` unreadable.
 */
export class SupersededFiles {
  readonly #notes: HourNotes;
  readonly #queue: NoteQueue;
  readonly #reporter: Reporter;
  /** Lines that wait for the change before them: those of one hour are written together. */
  readonly #waiting = new Map<
    string,
    { readonly lines: string[]; readonly written: Promise<void> }
  >();

  /** Reads and writes `notes`; reports failures to `reporter`, which cost only work. */
  constructor(notes: HourNotes, reporter: Reporter) {
    this.#notes = notes;
    this.#reporter = reporter;
    this.#queue = new NoteQueue({
      reporter,
      counter: "sync_note_errors",
      warning: "Cannot keep notes: files may be fetched twice",
    });
  }

  /** Notes that the messages of `key` stand elsewhere. Call it before `key` is deleted. */
  async noteDeleted(key: ArchiveKey): Promise<void> {
    await this.#append(key, "-");
  }

  /** Notes that `key` cannot be read, on any node. */
  async noteUnreadable(key: ArchiveKey): Promise<void> {
    await this.#append(key, "!");
  }

  /**
   * The notes on an hour in which the files called `present` are there now.
   *
   * @param present the names of the files; the notes are dropped if one that they name is missing
   */
  async recall(
    channel: string,
    hour: string,
    { present, signal }: AbortOptions & { readonly present: ReadonlySet<string> },
  ): Promise<HourMemory> {
    const text = await this.#queue.attempt(() => this.#notes.read(channel, hour, { signal })) ?? "";
    const memory = parseNotes(text);
    const lost = [...memory.present]
      .filter((name) => !present.has(name) && !memory.superseded.has(name));
    if (lost.length === 0) return memory;
    this.#reporter.report("warning", "Files vanished from the archive, asking peers for the hour", {
      channel,
      hour,
      files: lost.length,
    });
    await this.forget(channel, hour);
    return { ...memory, superseded: new Set(), present: new Set() };
  }

  /** Notes which files are there, so that a missing one is noticed. */
  async notePresent(
    channel: string,
    hour: string,
    { memory, present }: { readonly memory: HourMemory; readonly present: ReadonlySet<string> },
  ): Promise<void> {
    // Without superseded files no fetch is skipped, so no file needs a witness.
    if (memory.superseded.size === 0 || isEqual(memory.present, present)) return;
    await this.#queue.change(`${channel}/${hour}`, async () => {
      const now = parseNotes(await this.#notes.read(channel, hour));
      await this.#notes.replace(channel, hour, formatNotes({ ...now, present }));
    });
  }

  /** Forgets the superseded files of an hour: from now on all files are fetched that peers have. */
  async forget(channel: string, hour: string): Promise<void> {
    await this.#queue.change(`${channel}/${hour}`, async () => {
      const { unreadable } = parseNotes(await this.#notes.read(channel, hour));
      const rest = { superseded: new Set<string>(), present: new Set<string>(), unreadable };
      await this.#notes.replace(channel, hour, formatNotes(rest));
    });
  }

  async #append(key: ArchiveKey, sign: string): Promise<void> {
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch" && parts?.kind !== "coverage") return;
    const hour = formatHour("hourUs" in parts ? parts.hourUs : parts.minuteUs);
    const line = `${sign}${noteName(key)}\n`;
    const place = `${parts.channel}/${hour}`;
    const waiting = this.#waiting.get(place);
    if (waiting !== undefined) {
      waiting.lines.push(line);
      return await waiting.written;
    }
    const next = { lines: [line], written: Promise.resolve() };
    this.#waiting.set(place, next);
    // What a task notes in one go is written together.
    next.written = Promise.resolve().then(() =>
      this.#queue.change(place, () => {
        this.#waiting.delete(place);
        return this.#notes.append(parts.channel, hour, next.lines.join(""));
      })
    );
    await next.written;
  }
}

/**
 * The name of a file in the notes of its hour. Coverage has the name of the first version, which
 * tells it from batches: notes outlive versions.
 */
export function noteName(key: ArchiveKey): string {
  const path = firstPathOf(key) ?? key;
  return path.slice(path.lastIndexOf("/") + 1);
}

function parseNotes(text: string): HourMemory {
  const superseded = new Set<string>();
  const present = new Set<string>();
  const unreadable = new Set<string>();
  const sets = new Map([["-", superseded], ["+", present], ["!", unreadable]]);
  const lines = text.split("\n");
  lines.pop(); // Empty, or a torn line.
  for (const line of lines) {
    const set = sets.get(line.charAt(0));
    set?.add(line.slice(1));
  }
  return { superseded, present, unreadable };
}

function formatNotes({ superseded, present, unreadable }: HourMemory): string {
  const lines = [
    ...[...superseded].slice(-NAMES_MAX).map((name) => `-${name}\n`),
    ...[...unreadable].slice(-NAMES_MAX).map((name) => `!${name}\n`),
    ...[...present].slice(-NAMES_MAX).map((name) => `+${name}\n`),
  ];
  return lines.join("");
}

function isEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each));
}
