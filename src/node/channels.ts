import { isChannelName } from "../core/archive/archive_key.ts";
import { ChatloomError } from "../core/errors/errors.ts";
import type { WantedChannel } from "../engine/session/membership.ts";
import type { AbortOptions } from "../ports/batch_store.ts";
import type { Archive } from "./wiring/archive.ts";

/** A channel: its name, with or without `#`; `name!` marks an important one, whose failures are warnings. */
export type ChannelName = string | WantedChannel;

/** Reads `name`, `#name` or, for an important channel, `name!`; `undefined` if it is none. */
export function parseChannel(text: string): WantedChannel | undefined {
  const isImportant = text.endsWith("!");
  const name = (isImportant ? text.slice(0, -1) : text).replace(/^#/, "").toLowerCase();
  return isChannelName(name) ? { name, isImportant } : undefined;
}

/** @throws {RangeError} when it cannot be the name of a channel. */
export function toChannel(channel: ChannelName): WantedChannel {
  if (typeof channel !== "string") {
    return { ...toChannel(channel.name), isImportant: channel.isImportant };
  }
  const parsed = parseChannel(channel);
  if (parsed === undefined) throw new RangeError(`Cannot use "${channel}" as a channel's name`);
  return parsed;
}

const NAMED_MAX = 20;

/**
 * Checks that `archive` has these channels: a misspelt name is no silent channel.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it has not; it names those that are there.
 */
export async function checkKnown(
  archive: Archive,
  channels: readonly string[],
  { signal }: AbortOptions,
): Promise<void> {
  const known = new Set<string>();
  for await (const name of archive.store.folders("", { signal })) {
    if (isChannelName(name)) known.add(name);
  }
  for (const channel of channels) {
    if (known.has(channel)) continue;
    const names = [...known].sort();
    const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : "";
    throw new ChatloomError(
      "INPUT_UNREADABLE",
      `Cannot read channel "${channel}" of archive "${archive.folder}": it has ${
        names.length === 0 ? "no channels" : names.slice(0, NAMED_MAX).join(", ")
      }${more}`,
    );
  }
}
