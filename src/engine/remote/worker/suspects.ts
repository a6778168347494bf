import type { Delivery } from "../../../ports/remote/broker.ts";

/** Remembers across crashes which messages were being handled. Bounded: what is oldest is forgotten. */
export interface SuspectNotes {
  /** Notes that `id` is being handled; returns how often it is noted now. It is on disk when this resolves. */
  add(id: string): Promise<number>;
  /** Forgets `id`: it was handled. */
  remove(id: string): Promise<void>;
}

/** How many processes may die with a message before it is given up. */
export const DEATHS_MAX = 3;

/**
 * What to tell a message by: its id and its key. A sender that sends a file again gives it the same id, so that
 * a file that ends workers is known however it comes.
 */
export function suspectId({ messageId, headers }: Delivery): string {
  return `${messageId ?? ""} ${headers.get("method") ?? ""} ${headers.get("key") ?? ""}`.slice(
    0,
    300,
  );
}

/** Notes in memory: a process that dies forgets them. For tests, and where no folder can be written. */
export function memorySuspects(): SuspectNotes {
  const counts = new Map<string, number>();
  return {
    add(id) {
      const count = (counts.get(id) ?? 0) + 1;
      counts.set(id, count);
      return Promise.resolve(count);
    },
    remove(id) {
      counts.delete(id);
      return Promise.resolve();
    },
  };
}
