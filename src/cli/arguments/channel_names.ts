import type { Command } from "commander";
import { isChannelName } from "../../core/archive/archive_key.ts";

/** Ends `command` with an error about the first of `names` that no channel can have. */
export function checkChannels(names: readonly string[], command: Command): void {
  const wrong = names.find((name) => !isChannelName(name));
  if (wrong === undefined) return;
  command.error(`error: "${wrong}" is no channel: names are in lower case and have no #`);
}
