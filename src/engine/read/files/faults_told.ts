import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import type { UnreadableEntry } from "../../../core/errors/errors.ts";
import type { Reporter, ReportFields } from "../../../ports/reporter.ts";

// Beyond this many the oldest are told again, should they be met again.
const REMEMBERED_MAX = 10_000;

/** Tells of each file that had to be left out, once. */
export class FaultsTold {
  readonly #reporter: Reporter;
  readonly #told = new Set<ArchiveKey>();

  /** Nothing was told yet. */
  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Warns of `key`, unless that was done; counts it as `files_left_out` under `why`. */
  tell(key: ArchiveKey, { why, ...fields }: ReportFields & { readonly why: string }): void {
    this.#tellOnce("Left out a file that cannot be used", { key, why, ...fields });
  }

  /** As {@link FaultsTold.tell}, of a redaction: what it forgets may still be given to readers. */
  tellRedaction(key: ArchiveKey, reason: string): void {
    const message = "A redaction is there but cannot be applied: what it forgets stays readable";
    this.#tellOnce(message, { key, why: "redaction", reason });
  }

  /** As {@link FaultsTold.tell}, of a folder whose files are left out. */
  tellFolder({ path, reason }: UnreadableEntry): void {
    if (path.endsWith("/redactions")) return this.tellRedaction(path, reason);
    this.#tellOnce("Left out a folder that cannot be read", { key: path, why: "folder", reason });
  }

  #tellOnce(
    message: string,
    fields: ReportFields & { readonly key: ArchiveKey; readonly why: string },
  ): void {
    const { key, why } = fields;
    if (this.#told.has(key)) return;
    if (this.#told.size >= REMEMBERED_MAX) this.#told.delete(this.#told.values().next().value!);
    this.#told.add(key);
    this.#reporter.report("warning", message, fields);
    this.#reporter.count("files_left_out", { why });
  }
}

const shared = new WeakMap<Reporter, FaultsTold>();

/** What all that tell `reporter` of faults share, so that each is told once and not at each reading. */
export function faultsOf(reporter: Reporter): FaultsTold {
  let faults = shared.get(reporter);
  if (faults === undefined) shared.set(reporter, faults = new FaultsTold(reporter));
  return faults;
}
