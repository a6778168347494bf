import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { ChatloomError, UnreadableEntryError } from "../../../core/errors/errors.ts";
import type { ReadRequest } from "../../../core/remote/envelope.ts";
import type { ArchiveLock } from "../../../ports/archive_lock.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Delivery } from "../../../ports/remote/broker.ts";

/** A delivery whose request can be carried out. */
export interface GoodDelivery {
  readonly delivery: Delivery;
  readonly request: ReadRequest;
  readonly bytes: Uint8Array;
}

/** What is done for a key, and the deliveries that asked for it or for what it replaces. */
export interface StoreTask extends Omit<GoodDelivery, "delivery"> {
  readonly key: ArchiveKey;
  readonly deliveries: Delivery[];
}

/** What became of a task: `undefined` when it is done, and can never fail later. */
export type TaskFailure =
  | undefined
  | { readonly isFinal: boolean; readonly code: string; readonly reason: string };

/**
 * What is left to do for deliveries in their order: for each key the last request, as if each was carried out
 * after the one before. Sorted by key, so that two workers never wait for each other's rows in a circle.
 *
 * Several batches of a minute are not merged here. Their senders were promised that `get` finds each of them until
 * it is settled away with a note that keeps peers from bringing it back; settling does that a few seconds later, with
 * all files of the minute instead of those that came together.
 */
export function tasksOf(good: readonly GoodDelivery[]): StoreTask[] {
  const tasks = new Map<ArchiveKey, StoreTask>();
  for (const { delivery, request, bytes } of good) {
    const before = tasks.get(request.key)?.deliveries ?? [];
    tasks.set(request.key, {
      ...{ key: request.key, request, bytes },
      deliveries: [...before, delivery],
    });
  }
  return [...tasks.values()].sort((a, b) => a.key < b.key ? -1 : 1);
}

/**
 * Carries tasks out, all at once: a database takes them as one statement. Returns what became of each, in order.
 */
export async function carryOutTasks(
  tasks: readonly StoreTask[],
  { store, lock }: { readonly store: BatchStore; readonly lock: ArchiveLock },
): Promise<TaskFailure[]> {
  return await Promise.all(tasks.map(async ({ key, request, bytes }) => {
    try {
      if (request.method === "put") await store.put(key, bytes);
      else await lock.hold(request.parts.channel, () => store.delete(key));
      return undefined;
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      const isFinal = error instanceof UnreadableEntryError;
      return { isFinal, code: error.code, reason: error.message };
    }
  }));
}
