import { type Signal, signal } from "@preact/signals";
import { HOUR_US, hourOf, type Micros, MINUTE_US, minuteOf } from "../../core/time.ts";
import type { Library } from "../state/library.ts";
import { reasonOf } from "../state/archives_state.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { ChannelSpan, FoundMinute, MinuteSeconds } from "../reading/chat_reader.ts";
import { NO_FILTER } from "../reading/filter.ts";
import type { MinuteSummary } from "../reading/minute_summary.ts";
import type { KnownMinutes } from "./silences.ts";

/** A node returns at most a day at once. */
const COVERAGE_SPAN_US = 24 * HOUR_US;

/** The known facts about a channel's minutes; reads the missing ones. */
export class TimelineData implements KnownMinutes {
  readonly channel: string;
  /** Counts up when more is known. */
  readonly version: Signal<number> = signal(0);
  readonly isReading: Signal<boolean> = signal(false);
  readonly failure: Signal<string | undefined> = signal(undefined);
  readonly #library: Library;
  /** Hours that have files of chat. */
  readonly #hours: ReadonlySet<Micros>;
  /** Hours whose listeners were asked for. Where a listener is known, the time says when. */
  readonly #covered = new Map<Micros, ReadonlyMap<Micros, number>>();
  readonly #minutes = new Map<Micros, MinuteSummary>();
  readonly #seconds = new Map<Micros, MinuteSeconds["seconds"]>();
  /** Spans that were read to their end, ascending, none touching another. */
  #known: readonly Span[] = [];
  #run: AbortController | undefined;

  /** Without any facts. */
  constructor({ channel, hours }: ChannelSpan, library: Library) {
    this.channel = channel;
    this.#hours = new Set(hours);
    this.#library = library;
  }

  minute(minuteUs: Micros): MinuteSummary | undefined {
    return this.#minutes.get(minuteUs);
  }

  /** The seconds of a minute, if they were counted. */
  seconds(minuteUs: Micros): MinuteSeconds["seconds"] | undefined {
    return this.#seconds.get(minuteUs);
  }

  isKnown(minuteUs: Micros): boolean {
    return this.#minutes.has(minuteUs) ||
      this.#known.some(({ fromUs, untilUs }) => minuteUs >= fromUs && minuteUs < untilUs);
  }

  listenedS(minuteUs: Micros): number | undefined {
    const hour = this.#covered.get(hourOf(minuteUs));
    return hour === undefined ? undefined : hour.get(minuteUs) ?? 0;
  }

  isCovered(hourUs: Micros): boolean {
    return (this.#covered.get(hourUs)?.size ?? 0) > 0;
  }

  hasFiles(hourUs: Micros): boolean {
    return this.#hours.has(hourUs);
  }

  /** Whether all of a span was read. */
  isWhole({ fromUs, untilUs }: Span): boolean {
    return without({ fromUs, untilUs }, this.#known).length === 0;
  }

  /** Reads the missing parts of `span`, in place of an earlier read. */
  async show(span: Span, { withSeconds }: { readonly withSeconds: boolean }): Promise<void> {
    this.#run?.abort();
    const controller = new AbortController();
    const { signal } = controller;
    this.#run = controller;
    this.isReading.value = true;
    this.failure.value = undefined;
    try {
      const whole = { fromUs: minuteOf(span.fromUs), untilUs: upToMinute(span.untilUs) };
      for (const missing of without(whole, this.#known)) await this.#read(missing, signal);
      if (withSeconds) await this.#readSeconds(whole, signal);
      for (const run of this.#silentHours(whole)) await this.#readCoverage(run, signal);
    } catch (error) {
      if (!signal.aborted) this.failure.value = reasonOf(error);
    } finally {
      if (this.#run === controller) this.isReading.value = false;
    }
  }

  /** Stops reading. */
  close(): void {
    this.#run?.abort();
  }

  async #read(span: Span, signal: AbortSignal): Promise<void> {
    const onProgress = (found: readonly FoundMinute[]): void => {
      for (const { summary } of found) this.#minutes.set(summary.minuteUs, summary);
      this.version.value++;
    };
    const request = { channel: this.channel, filter: NO_FILTER, ...span };
    await this.#library.call("read", request, { signal, onProgress });
    this.#known = joined([...this.#known, span]);
    this.version.value++;
  }

  /** Runs of hours with silent minutes whose coverage was not read yet. */
  #silentHours({ fromUs, untilUs }: Span): Span[] {
    const hours = new Set<Micros>();
    for (let at = fromUs; at < untilUs; at += MINUTE_US) {
      if (!this.#minutes.has(at) && !this.#covered.has(hourOf(at))) hours.add(hourOf(at));
    }
    const runs: Span[] = [];
    for (const hourUs of hours) {
      const last = runs.at(-1);
      const isNext = last?.untilUs === hourUs && hourUs - last.fromUs < COVERAGE_SPAN_US;
      const from = isNext ? runs.pop()!.fromUs : hourUs;
      runs.push({ fromUs: from, untilUs: hourUs + HOUR_US });
    }
    return runs;
  }

  async #readCoverage(span: Span, signal: AbortSignal): Promise<void> {
    const request = { channel: this.channel, ...span };
    const found = await this.#library.call("coverage", request, { signal });
    for (let hourUs = span.fromUs; hourUs < span.untilUs; hourUs += HOUR_US) {
      const minutes = found.filter(({ minuteUs }) => hourOf(minuteUs) === hourUs);
      const listened = minutes.map(({ minuteUs, listenedS }) => [minuteUs, listenedS] as const);
      this.#covered.set(hourUs, new Map(listened));
    }
    this.version.value++;
  }

  async #readSeconds(span: Span, signal: AbortSignal): Promise<void> {
    let isMissing = false;
    for (let at = span.fromUs; at < span.untilUs; at += MINUTE_US) {
      isMissing ||= this.#minutes.has(at) && !this.#seconds.has(at);
    }
    if (!isMissing) return;
    const found = await this.#library.call("seconds", { channel: this.channel, ...span }, {
      signal,
    });
    for (const { minuteUs, seconds } of found) this.#seconds.set(minuteUs, seconds);
    this.version.value++;
  }
}

function upToMinute(timeUs: Micros): Micros {
  return minuteOf(timeUs + MINUTE_US - 1);
}

/** The parts of `span` that lie in none of `known`, which are ascending. */
function without(span: Span, known: readonly Span[]): Span[] {
  const missing: Span[] = [];
  let fromUs = span.fromUs;
  for (const each of known) {
    if (each.untilUs <= fromUs || each.fromUs >= span.untilUs) continue;
    if (each.fromUs > fromUs) missing.push({ fromUs, untilUs: each.fromUs });
    fromUs = each.untilUs;
  }
  if (fromUs < span.untilUs) missing.push({ fromUs, untilUs: span.untilUs });
  return missing;
}

function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.fromUs - b.fromUs)) {
    const last = result.at(-1);
    if (last !== undefined && span.fromUs <= last.untilUs) {
      result[result.length - 1] = {
        fromUs: last.fromUs,
        untilUs: Math.max(last.untilUs, span.untilUs),
      };
    } else result.push(span);
  }
  return result;
}
