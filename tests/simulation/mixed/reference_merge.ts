// A model of how the reference merges chat, written from its description and not from its code: ids
// first, then the first right-hand message with equal content and overlapping range, whichever receiver got
// it; the later start, and `min(ends) - start`, all in doubles.

/** A message as the reference reads it from a line. */
export interface ReferenceMessage {
  /** The line as it would be written. */
  readonly line: string;
  /** Everything but `receivers`, `time` and `time_range`, as text. */
  readonly content: string;
  readonly id: string | undefined;
  readonly time: number;
  readonly timeRange: number;
  readonly fields: { readonly [field: string]: unknown };
}

/** Reads a file. Throws where the reference does: when a line is no JSON. */
export function readReferenceFile(bytes: Uint8Array): ReferenceMessage[] {
  const text = new TextDecoder().decode(bytes);
  return text.split("\n").filter((line) => line !== "").map(readLine);
}

function readLine(line: string): ReferenceMessage {
  const fields = JSON.parse(line) as ReferenceMessage["fields"];
  const { receivers: _, time, time_range, ...content } = fields;
  const tags = fields["tags"] as { readonly [tag: string]: string } | null;
  return {
    line,
    content: formatPython(content),
    id: tags?.["id"],
    time: time as number,
    timeRange: time_range as number,
    fields,
  };
}

/** Writes a file: lines sorted by time, range and text. */
export function writeReferenceFile(messages: readonly ReferenceMessage[]): Uint8Array {
  const sorted = [...messages].sort((a, b) =>
    a.time - b.time || a.timeRange - b.timeRange || (a.line < b.line ? -1 : 1)
  );
  return new TextEncoder().encode(sorted.map(({ line }) => `${line}\n`).join(""));
}

/**
 * Merges two lists. Throws where the reference raises: an id with two contents, an id that stands in
 * one list twice.
 */
export function mergeReference(
  left: readonly ReferenceMessage[],
  right: readonly ReferenceMessage[],
): ReferenceMessage[] {
  if (left.length === 0) return [...right];
  if (right.length === 0) return [...left];
  const byId = new Map<string, ReferenceMessage>();
  const unpaired = new Map<string, ReferenceMessage[]>();
  for (const message of right) {
    if (message.id !== undefined) {
      if (byId.has(message.id)) throw new TypeError(`the id ${message.id} is there twice`);
      byId.set(message.id, message);
    } else {
      unpaired.set(message.content, [...unpaired.get(message.content) ?? [], message]);
    }
  }
  const merged: ReferenceMessage[] = [];
  const seen = new Set<string>();
  for (const message of left) {
    if (message.id !== undefined) {
      if (seen.has(message.id)) throw new TypeError(`the id ${message.id} is there twice`);
      seen.add(message.id);
      const other = byId.get(message.id);
      byId.delete(message.id);
      merged.push(other === undefined ? message : pair(message, other));
      continue;
    }
    const others = unpaired.get(message.content) ?? [];
    const at = others.findIndex((other) => doOverlap(message, other));
    if (at < 0) merged.push(message);
    else merged.push(pair(message, others.splice(at, 1)[0]!));
  }
  return [...merged, ...byId.values(), ...[...unpaired.values()].flat()];
}

function doOverlap(a: ReferenceMessage, b: ReferenceMessage): boolean {
  return Math.max(a.time, b.time) <= Math.min(a.time + a.timeRange, b.time + b.timeRange);
}

function pair(left: ReferenceMessage, right: ReferenceMessage): ReferenceMessage {
  if (left.content !== right.content) {
    throw new RangeError(`the id ${left.id} has two contents`); // Python's ValueError.
  }
  const time = Math.max(left.time, right.time);
  const end = Math.min(left.time + left.timeRange, right.time + right.timeRange);
  const timeRange = end - time;
  const receivers = {
    ...left.fields["receivers"] as object,
    ...right.fields["receivers"] as object,
  };
  const fields = { ...left.fields, receivers, time, time_range: timeRange };
  return { ...left, time, timeRange, fields, line: formatPython(fields) };
}

/** What Python's `json.dumps(…, sort_keys=True, separators=(",", ":"))` writes. */
export function formatPython(value: unknown): string {
  return format(value, false);
}

function format(value: unknown, isTime: boolean): string {
  if (typeof value === "number") return isTime ? formatPythonFloat(value) : String(value);
  if (typeof value === "string") return formatText(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map((each) => format(each, isTime)).join(",")}]`;
  const fields = value as { readonly [field: string]: unknown };
  const pairs = Object.keys(fields).sort().map((key) => {
    const isFloat = isTime || key === "receivers" || key === "time" || key === "time_range";
    return `${formatText(key)}:${format(fields[key], isFloat)}`;
  });
  return `{${pairs.join(",")}}`;
}

/** What Python's `repr` gives for a float. */
export function formatPythonFloat(value: number): string {
  if (Math.abs(value) >= 1e16) throw new RangeError(`no time: ${value}`);
  if (Number.isInteger(value)) return `${value}.0`;
  if (Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e-(\d)$/, "e-0$1");
}

function formatText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
