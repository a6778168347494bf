import type { ChatloomError } from "../../core/errors/errors.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** What fails for a journal. */
export type JournalTrouble = "flushed" | "written" | "renewed";

const SENTENCES: { readonly [trouble in JournalTrouble]: string } = {
  "flushed": "The journal cannot be flushed: a power cut may lose its last lines",
  "written": "The journal cannot be written: lines are kept in memory",
  "renewed": "The journal was lost and cannot be renewed: lines are kept in memory",
};
const BADNESS: { readonly [trouble in JournalTrouble]: number } = {
  "flushed": 1,
  "written": 2,
  "renewed": 3,
};

// A disk that flushes once between two failures is not repaired.
const WORKED_ENOUGH = 3;

/**
 * Reports the state of a journal's disk, once for each change that lasts: when it fails, when it fails in a
 * worse way, and when it has worked several times in a row.
 */
export class JournalHealth {
  readonly #reporter: Reporter;
  #badness = 0;
  #workedCount = 0;

  /** The journal of a disk that works. */
  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Notes that all of the journal is written and flushed. */
  worked(): void {
    if (this.#badness === 0 || ++this.#workedCount < WORKED_ENOUGH) return;
    this.end();
  }

  /** Notes a failure. */
  failed(trouble: JournalTrouble, { code, message }: ChatloomError): void {
    this.#reporter.count("journal_errors", { code });
    this.#workedCount = 0;
    if (BADNESS[trouble] <= this.#badness) return;
    this.#badness = BADNESS[trouble];
    this.#reporter.report("error", SENTENCES[trouble], { code, error: message });
  }

  /** Notes that nothing more is written: reports a recovery that is still due. */
  end(): void {
    if (this.#badness === 0 || this.#workedCount === 0) return;
    this.#badness = 0;
    this.#workedCount = 0;
    this.#reporter.report("info", "The journal can be written again");
  }
}
