import type { AbortOptions } from "../../ports/batch_store.ts";
import type { ChatIndex } from "../../ports/index/chat_index.ts";
import type { HourStamps } from "./hour_stamps.ts";

/**
 * Has an index forget the hours of a channel whose files have changed, and removes from the disk what it
 * held of them: what was redacted or pruned has to leave the index too. They are indexed again by a node that serves, or
 * by `fillChannel`. Returns how many were forgotten.
 *
 * @throws {ChatloomError} when the store or the index fails.
 */
export async function dropStale(
  channel: string,
  { index, stamps, signal }: AbortOptions & {
    readonly index: ChatIndex;
    readonly stamps: HourStamps;
  },
): Promise<number> {
  const hours = await index.hours(channel, { signal });
  const unchanged = new Set(
    (await stamps.unchanged(channel, hours, { signal })).map(({ hourUs }) => hourUs),
  );
  const stale = hours.filter(({ hourUs }) => !unchanged.has(hourUs));
  for (const { hourUs } of stale) {
    await index.forgetHours(channel, { fromUs: hourUs, untilUs: hourUs + 1, signal });
  }
  if (stale.length > 0) await index.purge({ signal });
  return stale.length;
}
