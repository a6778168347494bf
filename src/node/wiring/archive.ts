import { readdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { isPostgresAddress } from "../../adapters/postgres/connection/postgres_address.ts";
import { nodeHasher } from "../../adapters/hashers/node_hasher.ts";
import { logtapeReporter, writeLog } from "../../adapters/log/logtape_reporter.ts";
import { systemClock } from "../../adapters/system/system_clock.ts";
import { systemRandom } from "../../adapters/system/system_random.ts";
import { isChannelName } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { SupersededFiles } from "../../engine/sync/state/superseded_files.ts";
import { rememberingStore } from "../../engine/sync/remembering_store.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Random } from "../../ports/random.ts";
import { noopReporter, type Reporter } from "../../ports/reporter.ts";
import { type ArchiveParts, openParts } from "./parts/archive_parts.ts";
import type { BrokerChoice } from "./parts/broker_choice.ts";
import { existingArchive } from "./parts/existing_archive.ts";

/** How {@link openArchive} opens. */
export interface OpenArchiveOptions {
  /** Make the folder, or begin an archive in one that has other files. @default false */
  readonly create?: boolean;
  /**
   * `"stderr"` writes a log to standard error, of `info` and above. It sets LogTape up for the whole
   * process; a program with a log of its own passes a `reporter` instead. @default nothing is logged
   */
  readonly log?: "stderr";
  /** Write through a message broker, whose workers store and settle. @default written where it is */
  readonly broker?: BrokerChoice | undefined;
  /** The name of this node, for those who look into the broker. @default the machine's */
  readonly node?: string;
  /** Takes warnings and counts. @default {@link noopReporter} */
  readonly reporter?: Reporter;
  /** The clock. @default the clock of this machine */
  readonly clock?: Clock;
  /** Spreads out retries. @default that of this machine */
  readonly random?: Random;
}

/**
 * An archive in a folder or in PostgreSQL, with all that work on it needs. It keeps no file open; idle
 * connections do not keep the process alive. Several processes may work on one archive.
 */
export interface Archive {
  /** The folder, as it was given; of a database the address, without user and password. */
  readonly folder: string;
  /** What it consists of, beside its files. */
  readonly parts: ArchiveParts;
  /** Its files, for functions of `@chatloom/chatloom`. */
  readonly store: BatchStore;
  /** Names and checks files by their bytes. */
  readonly hasher: Hasher;
  /** The clock. */
  readonly clock: Clock;
  /** Spreads out retries. */
  readonly random: Random;
  /** Takes warnings and counts. */
  readonly reporter: Reporter;
}

/**
 * Opens the archive in `folder`, or at a connection URI such as `postgres://host/database`, where
 * `schema=NAME` behind it names another schema than `chatloom`. Writes nothing there, except that `create`
 * begins an archive and checks that it can be written, and that tables in a database become those of
 * this version.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when there is no such folder, or it holds files but no
 * channel, and `create` is not set; `STORE_DENIED`, `STORE_FULL` or `STORE_IO` when it cannot be made or
 * written.
 */
export async function openArchive(
  folder: string,
  options: OpenArchiveOptions = {},
): Promise<Archive> {
  const { create = false, log, clock = systemClock(), random = systemRandom() } = options;
  if (!create && !isPostgresAddress(folder)) await checkArchive(folder);
  let { reporter = noopReporter } = options;
  if (log === "stderr") {
    writeLog((line) => process.stderr.write(line), { level: "info", format: "text" });
    reporter = logtapeReporter();
  }
  const { broker, node: sender = hostname() } = options;
  const remote = broker === undefined ? undefined : { broker, sender, reporter };
  const parts = await openParts(folder, { create, remote });
  return {
    folder: parts.name,
    parts,
    store: parts.files,
    hasher: nodeHasher(),
    clock,
    random,
    reporter,
  };
}

/** A misspelt path is no archive without chat. An empty folder is an archive: nothing was recorded yet. */
async function checkArchive(folder: string): Promise<void> {
  await existingArchive(folder);
  const names = await readdir(folder).catch((cause: Error) => {
    throw new ChatloomError(
      "INPUT_UNREADABLE",
      `Cannot read archive "${folder}": ${cause.message}`,
      {
        cause,
      },
    );
  });
  if (names.length === 0 || names.includes(".chatloom")) return;
  for (const name of names) {
    if (isChannelName(name) && await hasChat(join(folder, name))) return;
  }
  throw new ChatloomError(
    "INPUT_UNREADABLE",
    `Cannot read archive "${folder}": it holds files, but no channel. ` +
      "To begin an archive there, open it with create: true",
  );
}

async function hasChat(folder: string): Promise<boolean> {
  for (const name of ["chat", ".chatloom"]) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isDirectory() === true) return true;
  }
  return false;
}

/**
 * The archive's files for work that writes and deletes: deletes are noted, so that a sync does
 * not fetch the files again, and files where the first version put them are moved.
 *
 * @throws {ChatloomError} when the archive cannot be written.
 */
export async function writableStore(
  { parts, reporter }: Archive,
  options: AbortOptions = {},
): Promise<{ readonly store: BatchStore; readonly superseded: SupersededFiles }> {
  const files = await parts.writableFiles(options);
  const superseded = new SupersededFiles(parts.notes, reporter);
  return { store: rememberingStore(files, superseded), superseded };
}
