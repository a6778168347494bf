import type { Micros } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { packArchive, type PackOptions } from "./pack_archive.ts";

/** What {@link keepPacked} works with. */
export interface KeepPackedOptions extends PackOptions {
  /** Hours are packed when they ended this long ago. */
  readonly ageUs: Micros;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

const HOUR_MS = 3_600_000;

/**
 * Packs what has grown old enough, once. An hour that cannot be packed is reported, and tried again the next
 * time.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function packOld({ ageUs, clock, reporter, ...options }: KeepPackedOptions) {
  const totals = { hours: 0, files: 0, bytes: 0, packedBytes: 0 };
  const beforeUs = clock.wallUs() - ageUs;
  for await (const { channel, hour, done, fault } of packArchive({ ...options, beforeUs })) {
    if (fault !== undefined) {
      const fields = { channel, hour, reason: fault };
      reporter.report("warning", "Cannot pack an hour: it was left alone", fields);
    }
    if (done === undefined) continue;
    totals.hours++;
    totals.files += done.files;
    totals.bytes += done.bytes;
    totals.packedBytes += done.packedBytes;
  }
  if (totals.hours > 0) reporter.report("info", "Packed old hours", totals);
}

/** Runs {@link packOld} now and every hour until `signal` aborts. A store that fails is tried again. */
export async function keepPacked(
  options: KeepPackedOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { clock, reporter, signal } = options;
  while (!signal.aborted) {
    try {
      await packOld(options);
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      reporter.report("warning", "Cannot pack old hours: it is tried again in an hour", { reason });
    }
    await clock.sleep(HOUR_MS, signal).catch(() => {}); // Aborted: the loop ends.
  }
}
