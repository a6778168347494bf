import { mayPass } from "../../../adapters/postgres/connection/postgres_errors.ts";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { type Archive, openArchive } from "../archive.ts";

const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 15_000;

/**
 * Opens the archive of a worker, which has nothing to do without it: a database that is away or full is tried
 * again. Resolves with `undefined` when `signal` aborts before.
 *
 * @throws {ChatloomError} when the archive cannot be written for another reason.
 */
export async function awaitArchive(
  folder: string,
  { reporter, signal }: { readonly reporter: Reporter; readonly signal: AbortSignal },
): Promise<Archive | undefined> {
  const clock = systemClock();
  let isTold = false;
  for (let pauseMs = PAUSE_MIN_MS;; pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS)) {
    try {
      return await openArchive(folder, { create: true, reporter });
    } catch (error) {
      if (!mayPass(error)) throw error;
      const fields = { code: error.code, error: error.message };
      if (!isTold) reporter.report("error", "The archive cannot be used yet: waiting", fields);
      isTold = true;
    }
    await clock.sleep(pauseMs, signal).catch(() => {}); // Aborted: there is no archive.
    if (signal.aborted) return undefined;
  }
}
