import { ChatloomError } from "../../core/errors/errors.ts";
import { type Micros, SECOND_US } from "../../core/time.ts";
import type { OptOutNote } from "../../ports/notes/opt_out_notes.ts";
import { eraseChannel, eraseLate } from "./erase_channel.ts";
import {
  channelsOf,
  type EraseOptions,
  eraseUser,
  giveOrders,
  obeyAgain,
  orderedUsers,
} from "./erase_user.ts";

const POLL_MS = 2_000;
const ORDERS_INTERVAL_US = 15 * SECOND_US;

/**
 * Keeps the word given to those who opt out, beside a recorder: takes over notes that any process on the
 * archive makes, erases their users, and gives new channels their orders. What fails, as on a full disk,
 * is tried again until it is done; a note that is not done when the process ends is taken up by the next.
 */
export class OptOutKeeper {
  readonly #options: EraseOptions;
  /** Notes that are erased here, or were when the process began. */
  readonly #done = new Set<string>();
  /** By channel, the keys of orders that are obeyed. */
  readonly #ordered = new Map<string, ReadonlySet<string>>();
  /** Notes that no disk has yet. */
  readonly #unstored = new Map<string, OptOutNote>();
  #nextOrdersUs: Micros = -Infinity;
  #isFailing = false;

  /** A keeper that does nothing before {@link OptOutKeeper.run}; the book was loaded. */
  constructor(options: EraseOptions) {
    this.#options = options;
    // What another process finished before this one began is nowhere in this one's memory.
    for (const note of options.book.notes) if (note.isDone) this.#done.add(nameOf(note));
  }

  /** Notes that a user opts out, from now on; the archive is searched soon. */
  add(note: OptOutNote): void {
    this.#options.reporter.count("opt_outs", { kind: note.kind });
    this.#unstored.set(nameOf(note), note);
    // It holds in memory now; where it cannot be stored, #step tries again.
    this.#options.book.put(note).then(
      () => this.#unstored.delete(nameOf(note)),
      (error: unknown) => this.#fail(error),
    );
  }

  /** How many users and channels have opted out but are not erased yet. */
  get pendingCount(): number {
    return this.#options.book.notes.filter((note) => !this.#done.has(nameOf(note))).length;
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#step(signal);
        this.#isFailing = false;
      } catch (error) {
        if (signal.aborted) return; // The note stays, and the next start goes on.
        this.#fail(error);
      }
      await clock.sleep(POLL_MS, signal).catch(() => {}); // Aborted: the loop ends.
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { book, clock, reporter } = this.#options;
    const options = { ...this.#options, signal };
    for (const [name, note] of this.#unstored) {
      await book.put(note);
      this.#unstored.delete(name);
    }
    await book.load();
    const known = new Set(book.notes.map(nameOf));
    for (const name of this.#done) if (!known.has(name)) this.#done.delete(name); // Undone.
    for (const note of book.notes) {
      if (this.#done.has(nameOf(note))) continue;
      if (note.kind === "user") {
        const { messages, unseen } = await eraseUser(note, options);
        reporter.count("opt_out_messages_erased", {}, messages);
        reporter.report("info", "A user who opted out is erased", { user: note.id, messages });
        if (unseen > 0) {
          reporter.report("warning", "Files that cannot be read were not searched for a user", {
            user: note.id,
            files: unseen,
          });
        }
      } else {
        const { files } = await eraseChannel(note, options);
        reporter.report("info", "A channel that opted out is erased", { channel: note.id, files });
      }
      this.#done.add(nameOf(note));
    }
    if (clock.elapsedUs() < this.#nextOrdersUs) return;
    for (const channel of await channelsOf(options)) await this.#keepOrders(channel, options);
    for (const note of book.notes) if (note.kind === "channel") await eraseLate(note, options);
    this.#nextOrdersUs = clock.elapsedUs() + ORDERS_INTERVAL_US;
  }

  /**
   * Gives a channel missing orders, and obeys those of peers in the recorder too: the syncer has rewritten
   * the files, and memory and journal are left.
   */
  async #keepOrders(channel: string, options: EraseOptions): Promise<void> {
    const { book } = options;
    const ordered = await orderedUsers(channel, options);
    await giveOrders(channel, { ...options, ordered });
    const known = this.#ordered.get(channel);
    const fresh = [...ordered].filter(([key, { userId }]) =>
      known?.has(key) !== true && !book.isUserOptedOut(userId)
    );
    if (fresh.length > 0 || known?.size !== ordered.size) {
      book.setOrdered(channel, [...ordered.values()]);
    }
    if (fresh.length > 0) {
      await options.storeReceived?.();
      for (const [, target] of fresh) await obeyAgain(channel, { ...options, target });
    }
    this.#ordered.set(channel, new Set(ordered.keys()));
  }

  #fail(error: unknown): void {
    if (!(error instanceof ChatloomError)) throw error;
    this.#options.reporter.count("opt_out_errors", { code: error.code });
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#options.reporter.report("error", "Cannot erase users who opted out yet, trying again", {
      code: error.code,
      error: error.message,
    });
  }
}

function nameOf({ kind, id }: OptOutNote): string {
  return `${kind} ${id}`;
}
