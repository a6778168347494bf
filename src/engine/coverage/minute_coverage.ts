import { splitBatch } from "../../core/batch/batch.ts";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import { sentUs } from "../../core/batch/content.ts";
import type { Coverage, ListenedSpan } from "../../core/coverage/coverage.ts";
import { hourOf, type Micros, MINUTE_US, minuteOf, SECOND_US } from "../../core/time.ts";
import { readMinutes } from "../read/read_minutes.ts";
import { estimateMissed, type MissedEstimate } from "./capture_recapture.ts";
import { type ReadCoverageOptions, readHourCoverage } from "./read_coverage.ts";

/** Which receivers listened in one minute, and what follows from that. */
export interface MinuteCoverage {
  readonly minuteUs: Micros;
  /** Receiver → for how many seconds of it. */
  readonly receivers: ReadonlyMap<string, number>;
  /** How many seconds of the minute no receiver listened. */
  readonly uncoveredS: number;
  /** How many messages with an exact time are in the archive. */
  readonly messages: number;
  /** How much all may have missed, where two or more listened all the time and there were messages. */
  readonly estimate: MissedEstimate | undefined;
}

/** Which minutes, and from where. */
export interface MinuteCoverageOptions extends ReadCoverageOptions {
  /** From the minute that holds this … */
  readonly fromUs: Micros;
  /** … to the one before this. */
  readonly toUs: Micros;
}

const MINUTE_S = 60;

/**
 * Yields each minute of a stretch of time: which receivers listened to `channel`, for how long none did,
 * and what is likely to be missing all the same. Minutes come in order, also those without any coverage.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* coverageByMinute(
  channel: string,
  options: MinuteCoverageOptions,
): AsyncGenerator<MinuteCoverage> {
  const { fromUs, toUs, store, hasher, reporter, signal } = options;
  const bounds = { fromUs: minuteOf(fromUs), untilUs: toUs };
  const batches = readMinutes(channel, { store, hasher, reporter, ...bounds, signal })
    [Symbol.asyncIterator]();
  let batch = await batches.next();
  let hourUs = -1;
  let coverage: Coverage = new Map();
  for (let minuteUs = minuteOf(fromUs); minuteUs < toUs; minuteUs += MINUTE_US) {
    signal?.throwIfAborted();
    if (hourOf(minuteUs) !== hourUs) {
      hourUs = hourOf(minuteUs);
      coverage = await readHourCoverage(channel, hourUs, options);
    }
    while (!batch.done && batch.value.minuteUs < minuteUs) batch = await batches.next();
    const bytes = !batch.done && batch.value.minuteUs === minuteUs ? batch.value.bytes : undefined;
    yield describeMinute(minuteUs, { coverage, bytes });
  }
  await batches.return?.();
}

function describeMinute(
  minuteUs: Micros,
  { coverage, bytes }: { readonly coverage: Coverage; readonly bytes: Uint8Array | undefined },
): MinuteCoverage {
  const atS = (minuteUs - hourOf(minuteUs)) / SECOND_US;
  const seconds = new Uint8Array(MINUTE_S);
  const receivers = new Map<string, number>();
  for (const [receiver, spans] of coverage) {
    const inside = within(spans, atS);
    let count = 0;
    for (const [fromS, toS] of inside) {
      seconds.fill(1, fromS, toS);
      count += toS - fromS;
    }
    if (count > 0) receivers.set(receiver, count);
  }
  const uncoveredS = seconds.filter((second) => second === 0).length;
  const heard = bytes === undefined ? [] : receiversOfExact(bytes);
  const full = [...receivers].filter(([, count]) => count === MINUTE_S).map(([name]) => name);
  const estimate = full.length < 2 || heard.length === 0 ? undefined : estimateOf(heard, full);
  return { minuteUs, receivers, uncoveredS, messages: heard.length, estimate };
}

function within(spans: readonly ListenedSpan[], atS: number): ListenedSpan[] {
  return spans
    .map(([fromS, toS]): ListenedSpan => [Math.max(0, fromS - atS), Math.min(MINUTE_S, toS - atS)])
    .filter(([fromS, toS]) => fromS < toS);
}

/** The receivers of each message with an exact time. */
function receiversOfExact(bytes: Uint8Array): string[][] {
  return splitBatch(bytes).flatMap((line) => {
    const { receivers, tags } = parseCanonicalLine(line);
    return sentUs(tags) === undefined ? [] : [Object.keys(receivers)];
  });
}

/** Splits the listeners in two: the first node, or the first connection if there is only one node. */
function estimateOf(heard: readonly string[][], full: readonly string[]): MissedEstimate {
  const nodes = new Set(full.map(nodeOf));
  const [first = ""] = [...(nodes.size > 1 ? nodes : full)].sort();
  const isFirst = (receiver: string) => (nodes.size > 1 ? nodeOf(receiver) : receiver) === first;
  const listening = new Set(full);
  let [onlyA, onlyB, both] = [0, 0, 0];
  for (const receivers of heard) {
    const who = receivers.filter((receiver) => listening.has(receiver));
    const [a, b] = [who.some(isFirst), who.some((receiver) => !isFirst(receiver))];
    if (a && b) both++;
    else if (a) onlyA++;
    else if (b) onlyB++;
  }
  return estimateMissed({ onlyA, onlyB, both });
}

/** The node of a receiver's id, `<node>.<5 letters or digits>.<n>`. */
function nodeOf(receiver: string): string {
  return receiver.split(".").slice(0, -2).join(".") || receiver;
}
