import { ChatloomError } from "../../../core/errors/errors.ts";
import { HOUR_US, type Micros, MILLISECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { LogDay, LoggedChannel, LogServer } from "../../../ports/log_server.ts";
import type { ImportNotes } from "../../../ports/notes/import_notes.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { archiveSource, type SourceOptions } from "./import_source.ts";

/** What {@link importLogServer} works with. */
export interface ImportServerOptions extends SourceOptions {
  /** Which days were imported before. */
  readonly notes: ImportNotes;
  /** Tells which days may still grow. */
  readonly clock: Clock;
  /** Is told of what could not be had. */
  readonly reporter: Reporter;
  /** Only these channels, by login. @default all */
  readonly channels?: readonly string[] | undefined;
  /** Called before each day. */
  readonly onDay?: ((channel: LoggedChannel, day: LogDay) => void) | undefined;
}

/** What an import of a log server did. */
export interface ImportedServer {
  /** Days that were asked for and imported. */
  readonly days: number;
  /** Days that an earlier import did. */
  readonly skipped: number;
  /** Channels and days that could not be had; importing again asks for them once more. */
  readonly failed: number;
}

/** A day of a server in any zone can still grow for this long after it began. */
const GROWS_US = (24 + 14 + 12) * HOUR_US;

/** More failures in a row, and the server is taken to be gone. */
const FAILED_IN_A_ROW_MAX = 5;

/**
 * Imports what a rustlog or justlog has, a day of a channel at a time, oldest first. A day that is over and was
 * stored is noted, and not asked for again. A day or channel that fails is reported, and the others go on.
 *
 * @throws {ChatloomError} when the list of channels cannot be had, the server is gone, or the store fails.
 */
export async function importLogServer(
  server: LogServer,
  options: ImportServerOptions,
): Promise<ImportedServer> {
  const { archiver, channels: wanted, notes, clock, reporter, signal, onDay } = options;
  const done = { days: 0, skipped: 0, failed: 0 };
  let failedInARow = 0;
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
      failedInARow = 0;
    } catch (error) {
      const isServers = error instanceof ChatloomError &&
        (error.code === "PEER_REFUSED" || error.code === "CONNECTION_LOST");
      if (!isServers || ++failedInARow >= FAILED_IN_A_ROW_MAX) throw error;
      done.failed++;
      reporter.report("error", error.message);
    }
  };
  for (const channel of await server.channels({ signal })) {
    if (wanted !== undefined && !wanted.includes(channel.login)) continue;
    const source = `${server.name} ${channel.id}`;
    let days: readonly LogDay[] = [];
    await attempt(async () => void (days = await server.days(channel, { signal })));
    const known = await notes.read(source, { signal });
    for (const day of days) {
      signal?.throwIfAborted();
      const name = `${day.year}-${day.month}-${day.day}`;
      if (known.has(name)) {
        done.skipped++;
        continue;
      }
      onDay?.(channel, day);
      await attempt(async () => {
        const lines = {
          name: `${source} ${name}`,
          open: () => server.lines(channel, day, { signal }),
        };
        try {
          await archiveSource(lines, { format: "justlog", origin: source }, options);
        } finally {
          // What came before a connection broke is kept; the day will be asked for again.
          await archiver.flush();
        }
        if (clock.wallUs() - startOf(day) > GROWS_US) await notes.add(source, name);
        done.days++;
      });
    }
  }
  return done;
}

function startOf({ year, month, day }: LogDay): Micros {
  return Date.UTC(year, month - 1, day) * MILLISECOND_US;
}
