/** How serious a report is. */
export type Severity = "debug" | "info" | "warning" | "error";

/** Facts that go with a report: plain values, so that any log format can hold them. */
export type ReportFields = { readonly [name: string]: string | number | boolean | undefined };

/**
 * Who is told what happens: a log, a screen, a test. Telling never throws and never waits.
 * Secrets never go in.
 */
export interface Reporter {
  /** Tells `message`, a plain sentence without values in it, and the values as `fields`. */
  report(severity: Severity, message: string, fields?: ReportFields): void;

  /** Adds `amount`, by default 1, to the counter `name` with these labels. */
  count(name: string, labels?: { readonly [label: string]: string }, amount?: number): void;
}

/** A reporter that does nothing. */
export const noopReporter: Reporter = {
  report() {},
  count() {},
};
