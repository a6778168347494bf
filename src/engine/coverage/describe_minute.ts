import { MILLISECOND_US } from "../../core/time.ts";
import type { MinuteCoverage } from "./minute_coverage.ts";

/** A minute of coverage as it stands in JSON. */
export interface MinuteCoverageJson {
  /** When it starts: `2026-08-01T12:34`, UTC. */
  readonly minute: string;
  /** Receiver → seconds in which it listened. */
  readonly listened: { readonly [receiver: string]: number };
  /** Seconds in which no receiver listened. */
  readonly uncovered_seconds: number;
  /** Messages with an exact time that are in the archive. */
  readonly messages: number;
  /** Likely number of messages that all listeners missed, if it can be told. */
  readonly missed_estimate: number | null;
  /** Its standard error. */
  readonly missed_error: number | null;
}

/** A minute of coverage for JSON. Estimates have two decimals. */
export function toMinuteJson(minute: MinuteCoverage): MinuteCoverageJson {
  const { minuteUs, receivers, uncoveredS, messages, estimate } = minute;
  return {
    minute: new Date(minuteUs / MILLISECOND_US).toISOString().slice(0, 16),
    listened: Object.fromEntries([...receivers].sort(([a], [b]) => a < b ? -1 : 1)),
    uncovered_seconds: uncoveredS,
    messages,
    missed_estimate: estimate === undefined ? null : round(estimate.missed),
    missed_error: estimate === undefined ? null : round(estimate.error),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
