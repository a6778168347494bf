import type { WantedChannel } from "../../engine/session/membership.ts";
import { parseChannel } from "../../node/channels.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { type ListFile, readListFile, watchListFile } from "./list_file.ts";

/** The entries of a file of channels. */
export interface ChannelList {
  readonly channels: readonly WantedChannel[];
  /** Lines that name no channel, as they are. */
  readonly unreadable: readonly string[];
}

/** Reads a list of channels, one a line; blank lines and what follows `//` or `# ` are ignored. */
function parseChannelList({ lines }: ListFile): ChannelList {
  const channels: WantedChannel[] = [];
  const unreadable: string[] = [];
  for (const line of lines) {
    const entry = line.replace(/(?:\/\/|#(?:\s|$)).*$/, "").trim();
    if (entry === "") continue;
    const channel = parseChannel(entry);
    if (channel === undefined) unreadable.push(entry);
    else channels.push(channel);
  }
  return { channels, unreadable };
}

/**
 * Reads the list in the file `path`.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it cannot be read.
 */
export async function readChannelList(path: string): Promise<ChannelList> {
  return parseChannelList(await readListFile(path, "channels"));
}

/** Watches the list in the file `path` until `signal` aborts; see {@link watchListFile}. */
export async function watchChannelList(
  path: string,
  { reporter, onChange, ...options }: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly reporter: Reporter;
    readonly onChange: (channels: readonly WantedChannel[]) => void;
  },
): Promise<void> {
  await watchListFile(path, {
    ...options,
    reporter,
    noun: "channels",
    countOf: (list) => parseChannelList(list).channels.length,
    onChange(list): void {
      const { channels, unreadable } = parseChannelList(list);
      for (const entry of unreadable) warnOfEntry(reporter, { path, entry });
      onChange(channels);
    },
  });
}

/** Says that an entry of a list names no channel. */
export function warnOfEntry(
  reporter: Reporter,
  { path, entry }: { readonly path: string; readonly entry: string },
): void {
  reporter.report("warning", "An entry of the list is no channel name and was left out", {
    path,
    entry: entry.slice(0, 100),
  });
}
