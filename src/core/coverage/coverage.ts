import { formatHour, parseHour } from "../archive/archive_key.ts";
import { areBytesEqual } from "../bytes.ts";
import { compareCodePoints, formatString } from "../json/canonical_json.ts";
import { parseJson } from "../json/parse_json.ts";
import type { Micros } from "../time.ts";

/** A stretch of an hour in whole seconds since its start: from the first up to before the second. */
export type ListenedSpan = readonly [fromS: number, toS: number];

/**
 * When receivers were really listening to a channel in one hour: receiver → spans, ascending, no two
 * of which touch. Two coverages merge to their union, so any number of files can
 * be merged in any order.
 */
export type Coverage = ReadonlyMap<string, readonly ListenedSpan[]>;

/** The result of parsing a coverage file. */
export type ParsedCoverage =
  | { readonly ok: true; readonly hourUs: Micros; readonly coverage: Coverage }
  | { readonly ok: false; readonly reason: string };

/** A longer file is no coverage: this is 10,000 receivers that came and went ten times. */
export const COVERAGE_MAX_BYTES: number = 4 * 1024 * 1024;

/** Seconds of an hour. */
const HOUR_S = 3600;

const RECEIVER_MAX_LENGTH = 256;
const UTF8 = new TextEncoder();

/** The union of these. */
export function mergeCoverage(all: Iterable<Coverage>): Coverage {
  const spans = new Map<string, ListenedSpan[]>();
  for (const coverage of all) {
    for (const [receiver, more] of coverage) {
      spans.set(receiver, [...spans.get(receiver) ?? [], ...more]);
    }
  }
  const merged = [...spans].map(([receiver, each]) => [receiver, joinSpans(each)] as const);
  return new Map(merged.filter(([, each]) => each.length > 0));
}

/** The same seconds as spans in order, no two of which touch. */
export function joinSpans(spans: Iterable<ListenedSpan>): ListenedSpan[] {
  const joined: [number, number][] = [];
  for (const [fromS, toS] of [...spans].sort(([a], [b]) => a - b)) {
    if (fromS >= toS) continue;
    const last = joined.at(-1);
    if (last !== undefined && fromS <= last[1]) last[1] = Math.max(last[1], toS);
    else joined.push([fromS, toS]);
  }
  return joined;
}

/**
 * The bytes of a coverage file of the hour that starts at `hourUs`: one line of canonical JSON, such as
 * `{"hour":"2026-08-01T12","listened":{"alpha.AbCdE.1":[[0,1800],[1805,3600]]}}`, and a line feed.
 */
export function encodeCoverage(hourUs: Micros, coverage: Coverage): Uint8Array {
  const receivers = [...mergeCoverage([coverage])]
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([receiver, spans]) => `${formatString(receiver)}:${formatSpans(spans)}`);
  return UTF8.encode(
    `{"hour":"${formatHour(hourUs)}","listened":{${receivers.join(",")}}}\n`,
  );
}

function formatSpans(spans: readonly ListenedSpan[]): string {
  return `[${spans.map(([fromS, toS]) => `[${fromS},${toS}]`).join(",")}]`;
}

/** Reads a coverage file: only what {@link encodeCoverage} writes. Never throws. */
export function parseCoverage(bytes: Uint8Array): ParsedCoverage {
  if (bytes.length > COVERAGE_MAX_BYTES) return fault(`longer than ${COVERAGE_MAX_BYTES} bytes`);
  let value: unknown;
  try {
    value = parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return fault("not JSON");
  }
  if (!isObject(value)) return fault("not an object");
  const { hour, listened } = value;
  const hourUs = typeof hour === "string" ? parseHour(hour) : undefined;
  if (hourUs === undefined) return fault(`"hour" is no hour`);
  if (!isObject(listened)) return fault(`"listened" is not an object`);
  const coverage = new Map<string, readonly ListenedSpan[]>();
  for (const [receiver, spans] of Object.entries(listened)) {
    if (receiver === "" || receiver.length > RECEIVER_MAX_LENGTH) return fault("no receiver's id");
    if (!areSpans(spans)) return fault(`${formatString(receiver)} has no list of spans`);
    coverage.set(receiver, spans);
  }
  if (coverage.size === 0) return fault("it knows no receiver");
  // One state has one name: any other way to write it would be another file.
  return areBytesEqual(encodeCoverage(hourUs, coverage), bytes)
    ? { ok: true, hourUs, coverage }
    : fault("not canonical");
}

type Fields = { readonly [field: string]: unknown };

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function areSpans(value: unknown): value is readonly ListenedSpan[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((span) =>
      Array.isArray(span) && span.length === 2 &&
      span.every((second) => Number.isInteger(second) && second >= 0 && second <= HOUR_S)
    );
}

function fault(reason: string): ParsedCoverage {
  return { ok: false, reason };
}
