import { collect } from "../../async/collect.ts";
import { chatFolder, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Micros } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { MinuteFinder } from "./minute_finder.ts";

/**
 * The hours of a channel that have chat, ascending. A year has 8,760 folders, so a finder that remembers them is
 * asked rather than the store.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function hoursWithChat(
  channel: string,
  { store, finder }: { readonly store: BatchStore; readonly finder?: MinuteFinder | undefined },
): Promise<readonly Micros[]> {
  try {
    if (finder !== undefined) return await finder.hours(channel);
  } catch (error) {
    if (!(error instanceof ChatloomError)) throw error; // The archive knows it too.
  }
  const names = await collect(store.folders(chatFolder(channel)));
  return names.flatMap((name) => parseHour(name) ?? []).sort((a, b) => a - b);
}
