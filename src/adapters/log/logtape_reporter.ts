// LogTape, because it runs unchanged in Deno, Node and browsers, has no dependencies of its own and
// hands structured records to whatever sink a program that embeds chatloom has set up already.
import { configureSync, getLogger, type LogRecord } from "@logtape/logtape";
import { escapeControls } from "../../core/json/escape_controls.ts";
import type { Reporter, ReportFields, Severity } from "../../ports/reporter.ts";
import type { Counters } from "../metrics/counters.ts";

/** How lines of a log are written: as text, or one JSON object a line. */
export type LogFormat = "text" | "json";

/** The category under which chatloom's records reach LogTape. */
export const LOG_CATEGORY = "chatloom";

/** What {@link logtapeReporter} needs. */
export interface LogtapeReporterOptions {
  /** Where counts go. By default nowhere. */
  readonly counters?: Counters;
}

/**
 * Reports to LogTape, under {@link LOG_CATEGORY}. A program that embeds chatloom configures LogTape as it
 * needs; one without own needs calls {@link writeLog}.
 */
export function logtapeReporter({ counters }: LogtapeReporterOptions = {}): Reporter {
  const logger = getLogger([LOG_CATEGORY]);
  return {
    report(severity: Severity, message: string, fields: ReportFields = {}): void {
      logger.emit({
        level: severity,
        message: [message], // Emitted as it is: a brace in it is not a place to fill in.
        rawMessage: message,
        properties: { ...fields },
        timestamp: Date.now(),
      });
    },
    count(name, labels, amount): void {
      counters?.count(name, labels, amount);
    },
  };
}

/** How {@link writeLog} writes. */
export interface LogWriterOptions {
  /** Records below this are not written. */
  readonly level: Severity;
  /** The form of a line. */
  readonly format: LogFormat;
}

/**
 * Sets LogTape up, for the whole process, to hand each record of chatloom as one line, with its
 * line end, to `write`. A second call replaces the first.
 */
export function writeLog(write: (line: string) => void, { level, format }: LogWriterOptions): void {
  const toLine = format === "json" ? formatJson : formatText;
  configureSync({
    reset: true,
    sinks: { lines: (record: LogRecord) => write(`${toLine(record)}\n`) },
    loggers: [
      { category: [LOG_CATEGORY], lowestLevel: level, sinks: ["lines"] },
      // LogTape reports its own failures here; by default it writes to the console.
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["lines"] },
    ],
  });
}

function formatText({ timestamp, level, message, properties }: LogRecord): string {
  const time = new Date(timestamp).toISOString();
  const fields = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${quoteIfNeeded(String(value))}`);
  return `${time} ${level.toUpperCase()} ${escapeControls(message.join(""))}${fields.join("")}`;
}

function formatJson({ timestamp, level, message, properties }: LogRecord): string {
  const time = new Date(timestamp).toISOString();
  return escapeControls(JSON.stringify({ ...properties, time, level, message: message.join("") }));
}

function quoteIfNeeded(value: string): string {
  return /^[\w.:/@#+-]+$/.test(value) ? value : escapeControls(JSON.stringify(value));
}
