/** How serious a report is. */
export type Severity = "debug" | "info" | "warning" | "error";

/** Facts that go with a report: plain values, so that any log format can hold them. */
export type ReportFields = { readonly [name: string]: string | number | boolean | undefined };

/**
 * Takes reports of what happens: a log, a screen, a test. Reporting never throws and never waits.
 * A report holds no secrets.
 */
export interface Reporter {
  /** Reports `message`, a plain sentence without values in it, with the values as `fields`. */
  report(severity: Severity, message: string, fields?: ReportFields): void;

  /** Adds `amount`, by default 1, to the counter `name` with these labels. */
  count(name: string, labels?: { readonly [label: string]: string }, amount?: number): void;
}

/** A reporter that does nothing. */
export const noopReporter: Reporter = {
  report() {},
  count() {},
};
