import { readFile } from "node:fs/promises";
import { isChannelName } from "../../core/archive_key.ts";
import { ChatloomError } from "../../core/errors.ts";
import type { WantedChannel } from "../../engine/session/membership.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** Reads `name`, `#name` or, for an important channel, `name!`; `undefined` if it is none. */
export function parseChannel(text: string): WantedChannel | undefined {
  const isImportant = text.endsWith("!");
  const name = (isImportant ? text.slice(0, -1) : text).replace(/^#/, "").toLowerCase();
  return isChannelName(name) ? { name, isImportant } : undefined;
}

/** What stands in a file of channels. */
export interface ChannelList {
  readonly channels: readonly WantedChannel[];
  /** Lines that name no channel, as they stand there. */
  readonly unreadable: readonly string[];
}

/** Reads a list of channels, one a line; blank lines and what follows `//` or `# ` say nothing. */
function parseChannelList(text: string): ChannelList {
  const channels: WantedChannel[] = [];
  const unreadable: string[] = [];
  for (const line of text.split("\n")) {
    const entry = line.replace(/(?:\/\/|#(?:\s|$)).*$/, "").trim();
    if (entry === "") continue;
    const channel = parseChannel(entry);
    if (channel === undefined) unreadable.push(entry);
    else channels.push(channel);
  }
  return { channels, unreadable };
}

const POLL_MS = 2_000;

/**
 * Reads the list in the file `path`.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is no such file.
 */
export async function readChannelList(path: string): Promise<ChannelList> {
  try {
    return parseChannelList(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read the list of channels "${path}"`, {
      cause,
    });
  }
}

/**
 * Looks at the list in the file `path` every two seconds until `signal` aborts, and tells
 * `onChange` when it says something else. A list that cannot be read changes nothing.
 */
export async function watchChannelList(
  path: string,
  { clock, signal, reporter, onChange }: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly reporter: Reporter;
    readonly onChange: (channels: readonly WantedChannel[]) => void;
  },
): Promise<void> {
  let known: string | undefined;
  while (!signal.aborted) {
    const { found, trouble } = await readChannelList(path).then(
      (list) => ({ found: list, trouble: undefined }),
      (error: Error) => ({ found: undefined, trouble: error.message }),
    );
    const now = JSON.stringify(found ?? trouble);
    if (now !== known && known !== undefined) {
      if (found === undefined) {
        reporter.report(
          "warning",
          "The list of channels cannot be read; the old one still counts",
          {
            path,
            error: trouble,
          },
        );
      } else {
        for (const entry of found.unreadable) warnOfEntry(reporter, { path, entry });
        reporter.report("info", "The list of channels has changed", {
          path,
          channels: found.channels.length,
        });
        onChange(found.channels);
      }
    }
    known = now;
    await clock.sleep(POLL_MS, signal).catch(() => {}); // Aborted: the loop ends.
  }
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
