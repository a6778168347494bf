import {
  type ArchiveKey,
  coveragePrefix,
  minutePrefix,
  parseArchiveKey,
} from "../../core/archive/archive_key.ts";
import { decodeBatch } from "../../core/batch/batch.ts";
import type { LineMark } from "../../core/manifest/line_mark.ts";
import { LineMarks } from "./line_marks.ts";
import { orderNames } from "../../core/redaction/redaction_reach.ts";
import { DAY_US, type Micros } from "../../core/time.ts";
import { readEntry } from "../read/files/read_entry.ts";
import type { ReadMinute, ReadMinutesOptions } from "../read/read_minutes.ts";
import { listRedactions } from "../redact/redact.ts";
import type { Finding } from "../verify/finding.ts";
import { filesOfDay, readDay } from "./make_manifest.ts";
import type { OpenedManifest } from "./open_manifest.ts";

/** What a manifest lists, as far as it was found. */
export interface CheckedManifest {
  /** Files that it lists. */
  readonly files: number;
  /** Messages that it lists. */
  readonly messages: number;
}

/**
 * Yields what of a day is not as its manifest says: files and messages that are gone, messages that have come
 * since, and, as notes, messages that an order to forget had removed. Returns what was compared.
 *
 * A minute may have other bytes and hold the same messages, as when another node's recording came. That is no
 * finding. A message whose time is known as a range may have moved to a minute beside: neither is that.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function* checkManifest(
  manifest: OpenedManifest,
  options: ReadMinutesOptions,
): AsyncGenerator<Finding, CheckedManifest> {
  const { head: { channel, dayUs }, entries } = manifest;
  const present = new Set<ArchiveKey>();
  for await (const key of filesOfDay(channel, { ...options, dayUs })) present.add(key);
  const listed = new Set(entries.flatMap((entry) => entry.kind === "file" ? [entry.key] : []));
  for (const key of listed) yield* checkOther(key, present, options);
  const marked = new Map(
    entries.flatMap((entry) => entry.kind === "minute" ? [[entry.minuteUs, entry.marks]] : []),
  );
  if (marked.size === 0) yield* checkFiles(listed, present, { channel });
  else yield* await checkMessages(marked, { ...options, manifest, listed });
  const messages = [...marked.values()].reduce((sum, marks) => sum + marks.length, 0);
  return { files: listed.size, messages };
}

type Found = Generator<Finding, void>;

/** Orders and tombstones never change; the coverage of an hour is merged into one file. */
async function* checkOther(
  key: ArchiveKey,
  present: ReadonlySet<ArchiveKey>,
  options: ReadMinutesOptions,
): AsyncGenerator<Finding, void> {
  const parts = parseArchiveKey(key);
  if (parts === undefined || parts.kind === "batch") return;
  const entry = present.has(key) ? await readEntry(key, options) : undefined;
  if (entry?.ok === false) yield { path: key, ...entry.fault };
  if (entry !== undefined) return;
  const prefix = parts.kind === "coverage" ? coveragePrefix(parts.channel, parts.hourUs) : key;
  if ([...present].some((each) => each.startsWith(prefix))) return;
  yield { kind: "missing", path: key, reason: "the manifest lists it" };
}

/** All that can be told by names alone. */
function* checkFiles(
  listed: ReadonlySet<ArchiveKey>,
  present: ReadonlySet<ArchiveKey>,
  { channel }: { readonly channel: string },
): Found {
  const minutes = new Map<Micros, { missing: number; added: number }>();
  const at = (key: ArchiveKey) => {
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch") return undefined;
    let minute = minutes.get(parts.minuteUs);
    if (minute === undefined) minutes.set(parts.minuteUs, minute = { missing: 0, added: 0 });
    return minute;
  };
  for (const key of listed) {
    const minute = present.has(key) ? undefined : at(key);
    if (minute !== undefined) minute.missing++;
  }
  for (const key of present) {
    const minute = listed.has(key) ? undefined : at(key);
    if (minute !== undefined) minute.added++;
  }
  for (const [minuteUs, { missing, added }] of [...minutes].sort(([a], [b]) => a - b)) {
    const path = minutePrefix(channel, minuteUs);
    const counts = `${missing} files are gone and ${added} have come`;
    const reason = `${counts}; the manifest lists no messages, so it does not tell more`;
    yield { kind: missing > 0 ? "missing" : "added", path, reason };
  }
}

interface MessageOptions extends ReadMinutesOptions {
  readonly manifest: OpenedManifest;
  readonly listed: ReadonlySet<ArchiveKey>;
}

/** A message that only the manifest or only the archive has, and where. */
interface Lone {
  readonly minuteUs: Micros;
  readonly mark: LineMark;
}

async function checkMessages(
  marked: ReadonlyMap<Micros, readonly LineMark[]>,
  options: MessageOptions,
): Promise<Found> {
  const { manifest: { head: { channel, dayUs, salt } }, listed, hasher } = options;
  const marks = new LineMarks(salt, (bytes) => hasher.digest(bytes));
  const gone = new LoneMarks();
  const come = new LoneMarks();
  const seen = new Set<Micros>();
  for await (const minute of readDay(channel, { ...options, dayUs })) {
    const { minuteUs } = minute;
    seen.add(minuteUs);
    // Its hash was checked, and the manifest's marks are those of these bytes.
    if (minute.key !== undefined && listed.has(minute.key)) continue;
    const here = await marksOf(minute, marks);
    const rest = new LoneMarks();
    for (const mark of marked.get(minuteUs) ?? []) rest.add({ minuteUs, mark });
    for (const mark of here) {
      if (rest.take(mark) === undefined) come.add({ minuteUs, mark });
    }
    for (const lone of rest.all()) gone.add(lone);
  }
  for (const [minuteUs, ofMinute] of marked) {
    if (!seen.has(minuteUs)) ofMinute.forEach((mark) => gone.add({ minuteUs, mark }));
  }
  for (const { mark } of [...gone.all()]) if (come.take(mark) !== undefined) gone.take(mark);
  return tell({ gone, come, orders: await ordersOf(channel, marks, options) }, { channel, dayUs });
}

async function marksOf({ bytes }: ReadMinute, marks: LineMarks): Promise<LineMark[]> {
  const found: LineMark[] = [];
  for (const message of decodeBatch(bytes)) found.push(await marks.ofMessage(message));
  return found;
}

/** Marks with their minutes, of which equal ones count. */
class LoneMarks {
  readonly #byContent = new Map<string, Lone[]>();

  add(lone: Lone): void {
    const equal = this.#byContent.get(lone.mark.content);
    if (equal === undefined) this.#byContent.set(lone.mark.content, [lone]);
    else equal.push(lone);
  }

  take({ content }: LineMark): Lone | undefined {
    const equal = this.#byContent.get(content);
    const lone = equal?.pop();
    if (equal?.length === 0) this.#byContent.delete(content);
    return lone;
  }

  *all(): Iterable<Lone> {
    for (const equal of this.#byContent.values()) yield* equal;
  }
}

/** Before when an order forgets what bears a name: by the mark of the name. */
type OrderLimits = ReadonlyMap<string, Micros>;

async function ordersOf(
  channel: string,
  marks: LineMarks,
  options: ReadMinutesOptions,
): Promise<OrderLimits> {
  const limits = new Map<string, Micros>();
  for (const order of await listRedactions(channel, options)) {
    if (!order.ok) continue;
    const { target } = order.redaction;
    const beforeUs = target.kind === "user" ? target.beforeUs ?? Infinity : Infinity;
    for (const name of orderNames(order.redaction)) {
      const mark = await marks.ofName(name);
      limits.set(mark, Math.max(limits.get(mark) ?? 0, beforeUs));
    }
  }
  return limits;
}

interface Differences {
  readonly gone: LoneMarks;
  readonly come: LoneMarks;
  readonly orders: OrderLimits;
}

function* tell(
  { gone, come, orders }: Differences,
  { channel, dayUs }: { readonly channel: string; readonly dayUs: Micros },
): Found {
  const minutes = new Map<Micros, { ordered: number; missing: number; added: number }>();
  const count = (minuteUs: Micros, what: "ordered" | "missing" | "added") => {
    if (minuteUs < dayUs || minuteUs >= dayUs + DAY_US) return; // A matter of another manifest.
    let minute = minutes.get(minuteUs);
    if (minute === undefined) minutes.set(minuteUs, minute = { ordered: 0, missing: 0, added: 0 });
    minute[what]++;
  };
  for (const { minuteUs, mark } of gone.all()) {
    const isOrdered = mark.names.some((name) => minuteUs < (orders.get(name) ?? 0));
    count(minuteUs, isOrdered ? "ordered" : "missing");
  }
  for (const { minuteUs } of come.all()) count(minuteUs, "added");
  for (const [minuteUs, { ordered, missing, added }] of [...minutes].sort(([a], [b]) => a - b)) {
    const path = minutePrefix(channel, minuteUs);
    const say = (messages: number) => messages === 1 ? "1 message" : `${messages} messages`;
    if (missing > 0) {
      yield {
        kind: "missing",
        path,
        reason: `${say(missing)} of the manifest, and no order says so`,
      };
    }
    if (added > 0) {
      yield { kind: "added", path, reason: `${say(added)} that the manifest does not list` };
    }
    if (ordered > 0) {
      yield { kind: "forgotten", path, reason: `${say(ordered)} of the manifest, by order` };
    }
  }
}
