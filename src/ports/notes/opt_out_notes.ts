import type { Micros } from "../../core/time.ts";

/** A user, or the owner of a channel, who has opted out of being logged. */
export interface OptOutNote {
  /** Whether the user is not named, or the channel is not given. */
  readonly kind: "user" | "channel";
  /** The `user-id`, which is the `room-id` of the user's own channel: digits. */
  readonly id: string;
  /** Digests of the user's names, as `loginDigest` makes them, ascending. */
  readonly logins: readonly string[];
  /** When. */
  readonly madeUs: Micros;
  /** Whether the archive has been searched and holds nothing of it any more. */
  readonly isDone: boolean;
}

/** Who has opted out on this node. Several processes may use it at once. */
export interface OptOutNotes {
  /**
   * All notes, in no order. One that cannot be read is left out and reported.
   *
   * @throws {ChatloomError} when they cannot be listed.
   */
  list(): Promise<OptOutNote[]>;

  /**
   * Stores a note in place of an earlier one: whole or not at all, and safe when it resolves.
   *
   * @throws {ChatloomError} `STORE_FULL`, `STORE_DENIED` or `STORE_IO`
   */
  put(note: OptOutNote): Promise<void>;

  /** Forgets a note. Forgetting what is not there does nothing. Throws as `put` does. */
  delete(note: Pick<OptOutNote, "kind" | "id">): Promise<void>;
}
