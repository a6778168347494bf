import { SightingSet } from "../../core/merge/sighting_set.ts";
import { type Micros, MINUTE_US, minuteOf, RANGE_MAX_US, TIME_END_US } from "../../core/time.ts";
import type { NormalLine } from "../../core/merge/normal_form.ts";
import { mergeOrdered, Scratch } from "../../core/ordered/merge_ordered.ts";
import type { OrderedLines } from "../../core/ordered/ordered_lines.ts";
import { runWithRests } from "./work_breaks.ts";
import { joinBatch } from "./files/load_batch.ts";
import type { MinuteBatch } from "./files/minute_batch.ts";
import type { MinuteListing } from "./files/minute_listing.ts";

/** The files of one minute, read. */
export interface MinuteFiles extends MinuteListing {
  /** Those of its batches that can be used. */
  readonly loaded: readonly MinuteBatch[];
}

/** Some minutes, from the one that starts at `fromUs` to the one that starts at `toUs`, both of them. */
export interface MinuteSpan {
  /** When the first of them starts. */
  readonly fromUs: Micros;
  /** When the last of them starts. */
  readonly toUs: Micros;
}

/** All that decides the normal form of some minutes. */
export interface Closure {
  /** The minutes that were read, in no order. */
  readonly minutes: ReadonlyMap<Micros, MinuteFiles>;
  /** The ranged sightings of the minutes in question and of their neighbours. */
  readonly ranged: SightingSet;
  /** The normal form of the minutes in question: the bytes of each that holds a message. */
  readonly normal: ReadonlyMap<Micros, Uint8Array>;
  /** False if a chain of equal messages is too long to follow. */
  readonly isComplete: boolean;
}

/** Chains of overlapping equal messages that are longer than a day are not followed to their ends. */
const CLOSURE_MAX_US: Micros = 24 * 60 * MINUTE_US;

/**
 * Reads all that decides the normal form of `span`, and no more than that. Of
 * minutes beside the span only the ranged sightings count, and `load` is called so.
 *
 * An event of a minute m lies in the ranges of all its sightings, which are at most a minute long:
 * they start in m or the minute before, and stand in files of m or the minutes beside it. What
 * groups them is the chain of overlapping sightings of equal content. If a chain reaches from S to
 * E, an unknown sighting that touches it begins at S - 60 s or later and ends at E + 60 s or sooner;
 * a sighting stands only in files of minutes that its range touches, or misses by a microsecond where
 * the reference wrote it; so it is in the minutes from that of S - 60 s - 1 us to that of E + 60 s.
 * Those are read until no new minute is needed.
 *
 * @param rest Called between long steps of work: lets other tasks run. By default not called.
 */
export async function readClosure(
  span: MinuteSpan,
  load: (minuteUs: Micros, isInside: boolean) => Promise<MinuteFiles>,
  rest?: () => Promise<void>,
): Promise<Closure> {
  const reached = await reachOver(span, load, rest);
  return { ...reached, normal: await normalForm({ ...reached, span }, rest) };
}

/** As {@link readClosure}, without the normal form. */
export async function reachOver(
  span: MinuteSpan,
  load: (minuteUs: Micros, isInside: boolean) => Promise<MinuteFiles>,
  rest?: () => Promise<void>,
): Promise<Omit<Closure, "normal">> {
  const minutes = new Map<Micros, MinuteFiles>();
  const ranged = new SightingSet();
  let reach = { fromUs: earlierBy(span.fromUs, MINUTE_US), toUs: laterBy(span.toUs, MINUTE_US) };
  let isComplete = true;
  while (true) {
    for (let at = reach.fromUs; at <= reach.toUs; at += MINUTE_US) {
      if (minutes.has(at)) continue;
      const files = await load(at, at >= span.fromUs && at <= span.toUs);
      minutes.set(at, files);
      for (const batch of files.loaded) {
        await rest?.();
        ranged.addAll(batch.ranged);
      }
    }
    const wider = reachOf(ranged, { span, reach });
    if (wider.fromUs === reach.fromUs && wider.toUs === reach.toUs) break;
    if (wider.toUs - wider.fromUs > CLOSURE_MAX_US + span.toUs - span.fromUs) {
      isComplete = false;
      break;
    }
    reach = wider;
  }
  await rest?.();
  return { minutes, ranged, isComplete };
}

/** As {@link readClosure}, of one minute of which is known that its files hold no ranged sighting. */
export async function closeExact(
  minuteUs: Micros,
  load: (minuteUs: Micros) => Promise<MinuteFiles>,
  rest?: () => Promise<void>,
): Promise<Closure> {
  const span = { fromUs: minuteUs, toUs: minuteUs };
  const minutes = new Map([[minuteUs, await load(minuteUs)]]);
  const ranged = new SightingSet();
  return {
    minutes,
    ranged,
    normal: await normalForm({ span, minutes, ranged }, rest),
    isComplete: true,
  };
}

/**
 * The normal form of the minutes of `span`. A minute with one file in the usual form is in normal
 * form already if the events of ranged messages match. Files in the usual form are in order, so they are
 * merged side by side; only the messages of other files are put into a set and sorted.
 */
async function normalForm(
  { span, minutes, ranged }: Pick<Closure, "minutes" | "ranged"> & { readonly span: MinuteSpan },
  rest?: () => Promise<void>,
): Promise<ReadonlyMap<Micros, Uint8Array>> {
  const events = eventsByMinute(ranged, span);
  const normal = new Map<Micros, Uint8Array>();
  const all = new SightingSet();
  const unusual = new Set<Micros>();
  const scratch = new Scratch();
  for (let at = span.fromUs; at <= span.toUs; at += MINUTE_US) {
    const { loaded } = minutes.get(at)!;
    const [only, ...others] = loaded;
    const own = events.get(at) ?? [];
    if (only === undefined && own.length === 0) continue;
    if (others.length === 0 && only?.whole?.scanned?.isNormal(own)) {
      normal.set(at, only.whole.bytes);
      continue;
    }
    await rest?.();
    const files = orderedOf(loaded);
    const bytes = files && await runWithRests(mergeOrdered(files, own, scratch), rest);
    if (bytes !== undefined) {
      if (bytes.length > 0) normal.set(at, bytes);
      continue;
    }
    unusual.add(at);
    for (const { whole } of loaded) {
      if (whole !== undefined) await joinBatch(all, whole, rest);
    }
  }
  if (unusual.size === 0) return normal;
  all.addAll(ranged);
  await rest?.();
  for (const [at, bytes] of await runWithRests(all.encodingMinutes(), rest)) {
    if (unusual.has(at)) normal.set(at, bytes);
  }
  return normal;
}

/** The exact messages of each file, if all are in the usual form. */
function orderedOf(loaded: readonly MinuteBatch[]): OrderedLines[] | undefined {
  const files: OrderedLines[] = [];
  for (const { whole } of loaded) {
    if (whole?.scanned === undefined) return undefined;
    files.push(whole.scanned.exact);
  }
  return files;
}

function eventsByMinute(
  ranged: SightingSet,
  { fromUs, toUs }: MinuteSpan,
): Map<Micros, NormalLine[]> {
  const events = new Map<Micros, NormalLine[]>();
  for (const line of ranged.rangedEvents({ startUs: fromUs, endUs: toUs + MINUTE_US - 1 })) {
    const minuteUs = minuteOf(line.startUs);
    const known = events.get(minuteUs);
    if (known === undefined) events.set(minuteUs, [line]);
    else known.push(line);
  }
  return events;
}

/**
 * The minutes of a closure whose files decide what stands in the one of them that starts at `minuteUs`: no
 * change of any other can change it.
 */
export function decidingSpan(
  { ranged, isComplete }: Pick<Closure, "ranged" | "isComplete">,
  minuteUs: Micros,
): MinuteSpan {
  if (!isComplete) return { fromUs: 0, toUs: TIME_END_US };
  const span = { fromUs: minuteUs, toUs: minuteUs };
  const reach = { fromUs: earlierBy(minuteUs, MINUTE_US), toUs: laterBy(minuteUs, MINUTE_US) };
  return reachOf(ranged, { span, reach });
}

function reachOf(
  ranged: SightingSet,
  { span, reach }: { readonly span: MinuteSpan; readonly reach: MinuteSpan },
): MinuteSpan {
  let { fromUs, toUs } = reach;
  for (const { startUs, endUs } of ranged.extents(earlierBy(span.fromUs, MINUTE_US), span.toUs)) {
    fromUs = Math.min(fromUs, earlierBy(startUs, RANGE_MAX_US + 1));
    toUs = Math.max(toUs, laterBy(endUs, RANGE_MAX_US));
  }
  return { fromUs, toUs };
}

/** The minute of the time `byUs` before `timeUs`, or the first there is. */
export function earlierBy(timeUs: Micros, byUs: Micros): Micros {
  return minuteOf(Math.max(0, timeUs - byUs));
}

/** The minute of the time `byUs` after `timeUs`, or the last there is. */
export function laterBy(timeUs: Micros, byUs: Micros): Micros {
  return minuteOf(Math.min(TIME_END_US - 1, timeUs + byUs));
}
