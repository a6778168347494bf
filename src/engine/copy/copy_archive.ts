import {
  type ArchiveKey,
  parseArchiveKey,
  parseHour,
  redactionPrefix,
} from "../../core/archive/archive_key.ts";
import { areBytesEqual } from "../../core/bytes.ts";
import { UnreadableEntryError } from "../../core/errors/errors.ts";
import { HOUR_US } from "../../core/time.ts";
import { TaskWindow } from "../../async/task_window.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { channelHours, keysOfHour } from "../read/channel_hours.ts";
import { readEntry } from "../read/files/read_entry.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";

/** What {@link copyArchive} works with. */
export interface CopyOptions extends AbortOptions {
  readonly from: BatchStore;
  readonly to: BatchStore;
  readonly hasher: Hasher;
  /** Only these channels. @default all */
  readonly channels?: readonly string[] | undefined;
  /**
   * Whether each file is read back from `to` and its hash compared, also those that were there before.
   * @default true
   */
  readonly check?: boolean;
  /** Called after each file. */
  readonly onFile?: (key: ArchiveKey, totals: CopyTotals) => void;
  /** Called for each file or folder that was left out, and why. */
  readonly onFault?: (path: string, reason: string) => void;
}

/** What was copied. */
export interface CopyTotals {
  /** Files that were stored. */
  readonly copied: number;
  /** Their bytes. */
  readonly copiedBytes: number;
  /** Files that were there already. */
  readonly present: number;
  /** Files and folders that were left out, with a reason each. */
  readonly faults: number;
}

/** Files in flight: each may be as large as a file can be, and nearly all are small. */
const FILES_MAX = 16;
/** An archive that is settled meanwhile moves messages between hours: those are looked at again, so often at most. */
const ROUNDS_MAX = 5;

/**
 * Copies the files of an archive into another one that have not been copied yet: of each channel redactions
 * first, and of each hour tombstones, batches, coverage. Each file's hash is compared before it is stored, and
 * again as the other archive gives it back. One that is damaged or cannot be read is named and left out.
 *
 * Both archives may be in use. Where files vanish from an hour because they are merged, the hour and its
 * neighbours are looked at again, so that what was merged is copied too. Interrupted, it goes on where it was.
 *
 * @throws {ChatloomError} when a store fails as a whole. Rejects with `signal.reason` if that aborts.
 */
export async function copyArchive(options: CopyOptions): Promise<CopyTotals> {
  const copy = new Copy(options);
  for await (const channel of options.channels ?? copy.from.folders("", options)) {
    await copy.channel(channel);
  }
  return copy.totals;
}

type Outcome = "copied" | "present" | "vanished" | "fault";

class Copy {
  readonly from: BatchStore;
  readonly totals = { copied: 0, copiedBytes: 0, present: 0, faults: 0 };
  readonly #options: CopyOptions;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.from = tolerantStore(options.from, ({ path, reason }) => this.#tell(path, reason));
  }

  async channel(channel: string): Promise<void> {
    const { signal } = this.#options;
    const orders: ArchiveKey[] = [];
    for await (const key of this.from.list(redactionPrefix(channel), { signal })) orders.push(key);
    await this.#files(redactionPrefix(channel), orders);
    let hours = await channelHours(channel, { store: this.from, signal });
    for (let round = 1; hours.length > 0; round++) {
      const again = new Set<number>();
      for (const hour of hours) {
        const hourUs = parseHour(hour)!;
        if (await this.#hour(channel, hourUs)) continue;
        for (const each of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) again.add(each);
      }
      if (round === ROUNDS_MAX) {
        if (again.size > 0) this.#tell(channel, "it changes too fast to be copied; copy it again");
        return;
      }
      const known = await channelHours(channel, { store: this.from, signal });
      hours = known.filter((hour) => again.has(parseHour(hour)!));
    }
  }

  /** Copies an hour. Returns whether all files that it had were there till the end. */
  async #hour(channel: string, hourUs: number): Promise<boolean> {
    const { signal } = this.#options;
    const keys = await keysOfHour(channel, hourUs, { store: this.from, signal });
    const ofKind = (kind: string) => keys.filter((key) => parseArchiveKey(key)?.kind === kind);
    let isWhole = true;
    for (const kind of ["tombstone", "batch", "coverage"]) {
      const found = ofKind(kind);
      const prefix = found[0]?.slice(0, found[0].lastIndexOf("/") + 1);
      if (prefix === undefined) continue;
      isWhole = await this.#files(prefix, found) && isWhole;
    }
    return isWhole;
  }

  /** Copies the files `keys`, which start with `prefix`. Returns whether none had vanished. */
  async #files(prefix: string, keys: readonly ArchiveKey[]): Promise<boolean> {
    const { to, signal, onFile } = this.#options;
    if (keys.length === 0) return true;
    const present = new Set<ArchiveKey>();
    for await (const key of to.list(prefix, { signal })) present.add(key);
    const window = new TaskWindow<Outcome>({ countMax: FILES_MAX, bytesMax: Infinity });
    let isWhole = true;
    const take = async () => {
      if (await window.next() === "vanished") isWhole = false;
    };
    try {
      for (const key of keys) {
        signal?.throwIfAborted();
        while (!window.hasRoom) await take();
        const copying = this.#file(key, present.has(key)).then((outcome) => {
          onFile?.(key, this.totals);
          return outcome;
        });
        window.add(copying, 0);
      }
      while (window.size > 0) await take();
    } finally {
      await window.settled();
    }
    return isWhole;
  }

  async #file(key: ArchiveKey, isPresent: boolean): Promise<Outcome> {
    const { to, hasher, signal, check = true } = this.#options;
    if (isPresent && (!check || await this.#isWhole(key, to))) return this.#count("present");
    const entry = await readEntry(key, { store: this.from, hasher, signal });
    if (entry === undefined) return "vanished";
    if (!entry.ok) return this.#fault(key, `${entry.fault.kind}: ${entry.fault.reason}`);
    try {
      await to.put(key, entry.bytes, { signal });
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof UnreadableEntryError)) throw error;
      return this.#fault(key, error.message);
    }
    if (check && !await this.#isWhole(key, to, entry.bytes)) {
      return this.#fault(key, "what was stored is not what is read back");
    }
    this.totals.copiedBytes += entry.bytes.length;
    return this.#count("copied");
  }

  /** Whether a store has the right bytes under `key`: a tombstone may hold anything, so `expected` counts. */
  async #isWhole(key: ArchiveKey, store: BatchStore, expected?: Uint8Array): Promise<boolean> {
    const { hasher, signal } = this.#options;
    const found = await readEntry(key, { store, hasher, signal });
    return found?.ok === true && (expected === undefined || areBytesEqual(found.bytes, expected));
  }

  #count(outcome: "copied" | "present"): Outcome {
    this.totals[outcome]++;
    return outcome;
  }

  #fault(key: ArchiveKey, reason: string): Outcome {
    this.#tell(key, reason);
    return "fault";
  }

  #tell(path: string, reason: string): void {
    this.totals.faults++;
    this.#options.onFault?.(path, reason);
  }
}
