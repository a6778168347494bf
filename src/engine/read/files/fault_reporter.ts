import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import type { UnreadableEntry } from "../../../core/errors/errors.ts";
import type { Reporter, ReportFields } from "../../../ports/reporter.ts";

// Beyond this many the oldest are reported again when they are met again.
const REMEMBERED_MAX = 10_000;

/** Reports each file that had to be left out, once. */
export class FaultReporter {
  readonly #reporter: Reporter;
  readonly #told = new Set<ArchiveKey>();

  /** A reporter without any report so far. */
  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Warns of `key`, unless it has done so; counts it as `files_left_out` under `why`. */
  tell(key: ArchiveKey, { why, ...fields }: ReportFields & { readonly why: string }): void {
    this.#tellOnce("Left out a file that cannot be used", { key, why, ...fields });
  }

  /** As {@link FaultReporter.tell}, for a redaction: readers may still get what it forgets. */
  tellRedaction(key: ArchiveKey, reason: string): void {
    const message = "A redaction is there but cannot be applied: what it forgets stays readable";
    this.#tellOnce(message, { key, why: "redaction", reason });
  }

  /** As {@link FaultReporter.tell}, for a folder whose files are left out. */
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

const shared = new WeakMap<Reporter, FaultReporter>();

/** The fault reporter that all readings with `reporter` share, so that each fault is reported once. */
export function faultsOf(reporter: Reporter): FaultReporter {
  let faults = shared.get(reporter);
  if (faults === undefined) shared.set(reporter, faults = new FaultReporter(reporter));
  return faults;
}
