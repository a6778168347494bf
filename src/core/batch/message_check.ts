import { DEPTH_MAX } from "../json/canonical_json.ts";
import { RANGE_MAX_US, readRange, readStart, TIME_END_US, toSeconds } from "../time.ts";

/**
 * Why `value`, parsed from a line of a batch, is not a message; `undefined` if it is one.
 */
export function findMessageFault(value: unknown): string | undefined {
  if (!isObject(value)) return "not an object";
  for (const field of REQUIRED) {
    if (!Object.hasOwn(value, field)) return `field "${field}" is missing`;
  }
  const { command, params, sender, user, host, tags } = value;
  if (typeof command !== "string") return `"command" is not a string`;
  if (!Array.isArray(params) || !params.every((each) => typeof each === "string")) {
    return `"params" is not a list of strings`;
  }
  if (!isStringOrNull(sender)) return `"sender" is not a string or null`;
  if (!isStringOrNull(user)) return `"user" is not a string or null`;
  if (!isStringOrNull(host)) return `"host" is not a string or null`;
  if (tags !== null && !(isObject(tags) && areStrings(tags))) {
    return `"tags" is not an object of strings or null`;
  }
  return findSightingFault(value) ?? findDepthFault(value);
}

/** What is wrong with who heard a message and when: the three fields that are not its content. */
export function findSightingFault(
  { time, time_range, receivers }: { readonly [field: string]: unknown },
): string | undefined {
  return findRangeFault(time, time_range) ?? findReceiversFault(receivers);
}

const REQUIRED = [
  "command",
  "host",
  "params",
  "receivers",
  "sender",
  "tags",
  "time",
  "time_range",
  "user",
];
const KNOWN: ReadonlySet<string> = new Set(REQUIRED);

function findRangeFault(time: unknown, range: unknown): string | undefined {
  if (typeof time !== "number" || !Number.isFinite(time)) return `"time" is not a number`;
  if (typeof range !== "number" || !Number.isFinite(range)) return `"time_range" is not a number`;
  if (time < 0 || readStart(time) >= TIME_END_US) {
    return `"time" is not in [0, ${toSeconds(TIME_END_US)}): ${time}`;
  }
  // A range of 60 s is written as the difference of two doubles, so it may look a trifle longer.
  const { startUs, endUs } = readRange({ time, time_range: Math.max(0, range) });
  if (range < 0 || endUs - startUs > RANGE_MAX_US) {
    return `"time_range" is not in [0, ${toSeconds(RANGE_MAX_US)}]: ${range}`;
  }
  return undefined;
}

function findReceiversFault(receivers: unknown): string | undefined {
  if (!isObject(receivers)) return `"receivers" is not an object`;
  let count = 0;
  for (const receiver of Object.keys(receivers)) {
    count++;
    const sighting = receivers[receiver];
    if (typeof sighting === "number") {
      if (!Number.isFinite(sighting)) return `a received time is not finite`;
      continue;
    }
    if (!isObject(sighting) || Object.keys(sighting).length !== 3) {
      return `a receiver has neither a received time nor that with its own range`;
    }
    if (typeof sighting["received"] !== "number" || !Number.isFinite(sighting["received"])) {
      return `"received" is not a number`;
    }
    const fault = findRangeFault(sighting["time"], sighting["time_range"]);
    if (fault !== undefined) return `of a receiver, ${fault}`;
  }
  // Without a sighting there would be nothing to merge, and the message would vanish.
  return count === 0 ? `"receivers" is empty` : undefined;
}

function findDepthFault(message: Fields): string | undefined {
  for (const field of Object.keys(message)) {
    if (!KNOWN.has(field) && !isPrintable(message[field], DEPTH_MAX)) {
      return `field ${
        JSON.stringify(field)
      } nests deeper than ${DEPTH_MAX} or holds no finite number`;
    }
  }
  return undefined;
}

/** Whether canonical JSON can hold `value` with at most `depth` more levels. */
function isPrintable(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((each) => isPrintable(each, depth - 1));
}

type Fields = { readonly [field: string]: unknown };

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStringOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function areStrings(fields: Fields): boolean {
  return Object.keys(fields).every((key) => typeof fields[key] === "string");
}
