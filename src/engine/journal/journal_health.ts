import type { ChatloomError } from "../../core/errors/errors.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** What cannot be done to a journal. */
export type JournalTrouble = "flushed" | "written" | "begun again";

const SENTENCES: { readonly [trouble in JournalTrouble]: string } = {
  "flushed": "The journal cannot be flushed: a power cut may lose its last lines",
  "written": "The journal cannot be written: lines are kept in memory",
  "begun again": "The journal was taken away and cannot be begun again: lines are kept in memory",
};
const BADNESS: { readonly [trouble in JournalTrouble]: number } = {
  "flushed": 1,
  "written": 2,
  "begun again": 3,
};

// A disk that flushes once between two failures has not been mended.
const WORKED_ENOUGH = 3;

/**
 * Tells how a journal's disk does, once for each change that lasts: when it fails, when it fails in a
 * worse way, and when it has worked several times in a row.
 */
export class JournalHealth {
  readonly #reporter: Reporter;
  #badness = 0;
  #workedCount = 0;

  /** A journal that works. */
  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** The journal is written and flushed, all of it. */
  worked(): void {
    if (this.#badness === 0 || ++this.#workedCount < WORKED_ENOUGH) return;
    this.end();
  }

  /** Something could not be done. */
  failed(trouble: JournalTrouble, { code, message }: ChatloomError): void {
    this.#reporter.count("journal_errors", { code });
    this.#workedCount = 0;
    if (BADNESS[trouble] <= this.#badness) return;
    this.#badness = BADNESS[trouble];
    this.#reporter.report("error", SENTENCES[trouble], { code, error: message });
  }

  /** Nothing more is written: what worked last is told. */
  end(): void {
    if (this.#badness === 0 || this.#workedCount === 0) return;
    this.#badness = 0;
    this.#workedCount = 0;
    this.#reporter.report("info", "The journal can be written again");
  }
}
