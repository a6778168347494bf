import type { EnvelopeHeaders } from "./envelope.ts";

const VERSION = 1;
const QUESTION = "status";
const NAME_MAX = 200;
const LIST_MAX = 2_000;

/** What a worker says of itself when it is asked. */
export interface WorkerStatus {
  /** Its name. */
  readonly worker: string;
  /** The ranges from which messages came since it joined their lines; an idle range is none. */
  readonly activeRanges: readonly number[];
  /** How many messages it has in hand. */
  readonly heldCount: number;
}

/** Writes the headers of a question to one of the workers at their common queue. */
export function formatStatusQuestion(): Map<string, string | number> {
  return new Map<string, string | number>([["v", VERSION], ["method", QUESTION]]);
}

/** Whether these are the headers of such a question. */
export function isStatusQuestion(headers: EnvelopeHeaders): boolean {
  return headers.get("v") === VERSION && headers.get("method") === QUESTION;
}

/** Writes the headers of the answer; it has no body. */
export function formatStatus(status: WorkerStatus): Map<string, string | number> {
  return new Map<string, string | number>([
    ["v", VERSION],
    ["worker", status.worker.slice(0, NAME_MAX)],
    ["ranges", status.activeRanges.join(",")],
    ["held", status.heldCount],
  ]);
}

/** Reads an answer, or returns `undefined` if it is none. Never throws. */
export function parseStatus(headers: EnvelopeHeaders): WorkerStatus | undefined {
  const [worker, ranges, held] = ["worker", "ranges", "held"].map((name) => headers.get(name));
  if (headers.get("v") !== VERSION || typeof worker !== "string" || worker === "") return undefined;
  if (
    typeof ranges !== "string" || !/^(?:\d{1,3}(?:,\d{1,3})*)?$/.test(ranges.slice(0, LIST_MAX))
  ) {
    return undefined;
  }
  if (typeof held !== "number" || !Number.isInteger(held) || held < 0) return undefined;
  const list = ranges.slice(0, LIST_MAX);
  return {
    worker: worker.slice(0, NAME_MAX),
    activeRanges: list === "" ? [] : list.split(",").map(Number),
    heldCount: held,
  };
}
