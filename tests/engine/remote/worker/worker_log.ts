import { RANGE_LEFT, RANGE_TAKEN } from "../../../../src/engine/remote/worker/range_worker.ts";
import { TURN_BEGUN, TURN_ENDED } from "../../../../src/engine/remote/worker/told_turns.ts";

/** A record of the log of one worker. */
export interface WorkerRecord {
  readonly worker: string;
  readonly timeMs: number;
  readonly message: string;
  readonly channel?: string | undefined;
  readonly range?: number | undefined;
}

/** Something from outside that ended what logs say goes on, at a time between the two. */
export interface Cut {
  readonly fromMs: number;
  readonly toMs: number;
  /** `ranges until its link`: ranges, and what its log says of them before it says that its link is lost. */
  readonly ends: "all" | "channels" | "ranges until its link";
  /** The worker; all if it is `undefined`. */
  readonly of: string | undefined;
}

interface Hold {
  readonly worker: string;
  readonly what: string;
  readonly fromMs: number;
  toMs: number;
}

const LINK_LOST = "The broker cannot be used: it is tried again until it can";

/**
 * Where two workers had one range, or were in one channel, at the same time, as their logs tell it. `records` are in
 * the order of each worker's log.
 */
export function overlapsIn(records: readonly WorkerRecord[], cuts: readonly Cut[] = []): string[] {
  const byWhat = new Map<string, Hold[]>();
  for (const hold of holdsIn(records, cuts)) {
    byWhat.set(hold.what, [...byWhat.get(hold.what) ?? [], hold]);
  }
  const found: string[] = [];
  for (const [what, holds] of byWhat) {
    holds.sort((a, b) => a.fromMs - b.fromMs);
    const untilMs = new Map<string, number>();
    for (const { worker, fromMs, toMs } of holds) {
      for (const [other, otherMs] of untilMs) {
        if (other !== worker && otherMs > fromMs && toMs > fromMs) {
          found.push(`${what}: ${other} and ${worker} at ${new Date(fromMs).toISOString()}`);
        }
      }
      untilMs.set(worker, Math.max(untilMs.get(worker) ?? 0, toMs));
    }
  }
  return found;
}

/** How often a range or a channel came to a worker, as logs tell it, and how often it had been another's before. */
export function takeoversIn(
  records: readonly WorkerRecord[],
): { readonly ranges: number; readonly turns: number; readonly takeovers: number } {
  const last = new Map<number, string>();
  let [ranges, takeovers, turns] = [0, 0, 0];
  for (const { message, range, worker } of [...records].sort((a, b) => a.timeMs - b.timeMs)) {
    if (message === TURN_BEGUN) turns++;
    if (message !== RANGE_TAKEN || range === undefined) continue;
    ranges++;
    if (last.has(range) && last.get(range) !== worker) takeovers++;
    last.set(range, worker);
  }
  return { ranges, turns, takeovers };
}

function holdsIn(records: readonly WorkerRecord[], cuts: readonly Cut[]): Hold[] {
  const holds: Hold[] = [];
  const open = new Map<string, Hold>();
  const muted = new Set<Cut>();
  const begun = new Set<Cut>();
  for (const { worker, timeMs, message, channel, range } of records) {
    for (const cut of cuts) {
      if (cut.ends !== "ranges until its link" || cut.of !== worker) continue;
      if (begun.has(cut) || timeMs < cut.fromMs) continue;
      begun.add(cut);
      muted.add(cut);
    }
    if (message === LINK_LOST) {
      for (const cut of muted) if (cut.of === worker) muted.delete(cut);
    }
    const what = range === undefined ? `channel ${channel}` : `range ${range}`;
    const name = `${worker} ${what}`;
    if (message === RANGE_TAKEN || message === TURN_BEGUN) {
      if (range !== undefined && [...muted].some((cut) => cut.of === worker)) continue;
      const hold = { worker, what, fromMs: timeMs, toMs: Infinity };
      open.set(name, hold);
      holds.push(hold);
    } else if (message === RANGE_LEFT || message === TURN_ENDED) {
      const hold = open.get(name);
      if (hold !== undefined) hold.toMs = timeMs;
      open.delete(name);
    }
  }
  for (const hold of holds) {
    for (const cut of cuts) if (isCut(hold, cut)) hold.toMs = Math.max(hold.fromMs, cut.fromMs);
  }
  return holds;
}

function isCut({ worker, what, fromMs, toMs }: Hold, cut: Cut): boolean {
  if (cut.of !== undefined && cut.of !== worker) return false;
  if (cut.ends === "channels" && !what.startsWith("channel")) return false;
  if (cut.ends === "ranges until its link" && !what.startsWith("range")) return false;
  return fromMs <= cut.toMs && toMs > cut.fromMs;
}
