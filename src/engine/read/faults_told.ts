import type { ArchiveKey } from "../../core/archive_key.ts";
import type { Reporter, ReportFields } from "../../ports/reporter.ts";

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
    if (this.#told.has(key)) return;
    if (this.#told.size >= REMEMBERED_MAX) this.#told.delete(this.#told.values().next().value!);
    this.#told.add(key);
    this.#reporter.report("warning", "Left out a file that cannot be used", {
      key,
      why,
      ...fields,
    });
    this.#reporter.count("files_left_out", { why });
  }
}
