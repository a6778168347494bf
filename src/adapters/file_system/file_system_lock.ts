import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isChannelName } from "../../core/archive/archive_key.ts";
import { KeyedMutex } from "../../async/mutex.ts";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";
import { fileError, isAbsence } from "./calls/file_errors.ts";
import { decodeIdentity, isProcessAlive, ownIdentity } from "./journal/process_identity.ts";
import { newWriterName } from "./calls/stored_name.ts";

/** How {@link fileSystemLock} waits. */
export interface FileSystemLockOptions {
  /**
   * A process that cannot be looked up, as on another machine, is dead if it was silent for this long, in
   * ms.
   */
  readonly deadAfterMs?: number;
}

const DEAD_AFTER_MS = 120_000;
const BEAT_MS = 10_000;
const WAIT_MIN_MS = 2;
const WAIT_MAX_MS = 100;

const CLAIM = /^claim-[a-z0-9]{12}$/;

/**
 * A lock for the archive in the folder `root`, shared by all processes that use that folder.
 *
 * A process that wants the lock puts up a claim, a file that names the process, and lists the claims: if
 * it sees one of another live process, it takes its own down, waits a little and tries again. Of two that
 * claim at once at least one sees the other, so never do both hold. A claim has a name that is never used
 * again: taking down that of a dead process cannot hit a living one.
 *
 * The kernel tells whether a process lives. Where it cannot, as for a process of
 * another machine or container, a claim counts as long as its file was touched lately, which
 * its holder does: a process that sleeps longer than that while it holds the lock loses it.
 */
export function fileSystemLock(root: string, options: FileSystemLockOptions = {}): ArchiveLock {
  return new FolderLock(join(resolve(root), STATE_FOLDER, "locks"), options);
}

class FolderLock implements ArchiveLock {
  readonly #folder: string;
  readonly #deadAfterMs: number;
  /** Callers in this process wait here, not at the disk. */
  readonly #mutex = new KeyedMutex();

  constructor(folder: string, { deadAfterMs = DEAD_AFTER_MS }: FileSystemLockOptions) {
    this.#folder = folder;
    this.#deadAfterMs = deadAfterMs;
  }

  async hold<T>(name: string, work: () => Promise<T>, { signal }: AbortOptions = {}): Promise<T> {
    if (!isChannelName(name)) throw new RangeError(`Cannot lock "${name}": it is no channel name`);
    return await this.#mutex.run(name, () => this.#holdHere(name, work, signal), signal);
  }

  async #holdHere<T>(
    name: string,
    work: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const folder = join(this.#folder, name);
    const claim = await this.#claim(folder, signal);
    const beat = setInterval(() => {
      const now = new Date();
      utimes(claim, now, now).catch(() => {}); // If it is gone, there is nothing to keep alive.
    }, BEAT_MS);
    try {
      return await work();
    } finally {
      clearInterval(beat);
      // A claim that cannot be taken down does not count once this process has ended.
      await rm(claim, { force: true }).catch(() => {});
    }
  }

  /** Waits until this process holds the lock. Returns the path of its claim. */
  async #claim(folder: string, signal: AbortSignal | undefined): Promise<string> {
    const identity = `${JSON.stringify(await ownIdentity())}\n`;
    try {
      for (let waitMs = WAIT_MIN_MS;; waitMs = Math.min(waitMs * 2, WAIT_MAX_MS)) {
        signal?.throwIfAborted();
        if (!await this.#isClaimed(folder, undefined)) {
          const claim = await putUp(folder, identity);
          // Aborted meanwhile: its work must not begin.
          if (!await this.#isClaimed(folder, claim) && !signal?.aborted) return claim;
          await rm(claim, { force: true });
          signal?.throwIfAborted();
        }
        // Partly random, or two would collide again and again.
        const delayMs = waitMs * (0.5 + Math.random());
        await new Promise((wake) => setTimeout(wake, delayMs));
      }
    } catch (cause) {
      if (signal?.aborted && cause === signal.reason) throw cause;
      throw fileError(`wait for a turn in "${folder}"`, { cause, otherwise: "STORE_IO" });
    }
  }

  /** Whether a live process has a claim other than `own`. Takes down those of dead ones. */
  async #isClaimed(folder: string, own: string | undefined): Promise<boolean> {
    const names = await readdir(folder).catch((error: unknown) => {
      if (isAbsence(error)) return [];
      throw error;
    });
    for (const name of names) {
      const path = join(folder, name);
      if (path === own) continue;
      if (!CLAIM.test(name)) await this.#sweep(path);
      else if (await this.#isAlive(path)) return true;
      else await rm(path, { force: true });
    }
    return false;
  }

  /** Removes what a process left that died while it put up its claim. */
  async #sweep(path: string): Promise<void> {
    const isOld = await stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs > this.#deadAfterMs)
      .catch(() => false); // Gone, or not ours to read: it blocks no process.
    if (isOld) await rm(path, { force: true });
  }

  async #isAlive(path: string): Promise<boolean> {
    try {
      const identity = decodeIdentity(await readFile(path, "utf8"));
      const isAlive = identity && await isProcessAlive(identity);
      if (isAlive !== undefined) return isAlive;
      return Date.now() - (await stat(path)).mtimeMs <= this.#deadAfterMs;
    } catch (error) {
      if (isAbsence(error)) return false; // Taken down just now.
      throw error;
    }
  }
}

/** Puts up a claim: under a name that does not count, then, whole, under one that does. */
async function putUp(folder: string, identity: string): Promise<string> {
  const name = newWriterName();
  const scratch = join(folder, `.${name}`);
  const claim = join(folder, `claim-${name}`);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(scratch, identity, { flag: "wx" });
    await rename(scratch, claim);
  } catch (error) {
    await rm(scratch, { force: true }).catch(() => {}); // The first failure is thrown.
    throw error;
  }
  return claim;
}
