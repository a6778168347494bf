import { chatFolder, parseHour } from "../../core/archive/archive_key.ts";
import { FactsCollector } from "../../core/index/facts_collector.ts";
import type { HourFacts } from "../../core/index/hour_facts.ts";
import { HOUR_US, type Micros, MINUTE_US, TIME_END_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type {
  ChatIndex,
  HourToIndex,
  IndexedHour,
  IndexStamp,
} from "../../ports/index/chat_index.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { readMinutes } from "../read/read_minutes.ts";
import { runWithRests } from "../read/work_breaks.ts";
import { EDGE_US, type HourStamps, type UnchangedHour } from "./hour_stamps.ts";
import { RedactedHours } from "./redacted_hours.ts";

/** What filling an index works with. */
export interface FillOptions {
  /** The index to fill. */
  readonly index: ChatIndex;
  /** The files of the archive, without what is not stored yet. */
  readonly store: BatchStore;
  /** Names the files of hours. */
  readonly stamps: HourStamps;
  /** Checks that bytes match the hash in their name. */
  readonly hasher: Hasher;
  /** Gets one warning for each file that had to be left out. */
  readonly reporter: Reporter;
  /** Where is noted which hours are settled: these are read faster. */
  readonly settled?: SettledNotes | undefined;
  /** Called every few milliseconds of work: lets other tasks run. @default never */
  readonly rest?: (() => Promise<void>) | undefined;
}

/** The outcome of filling. */
export interface FillTotals {
  /** Hours that were indexed. */
  readonly hours: number;
  /** Messages in them. */
  readonly messages: number;
  /** Hours of them in whose place others stood. */
  readonly replaced: number;
  /** Hours that were forgotten, as they are no longer there. */
  readonly forgotten: number;
  /** Hours that cannot be indexed now: they have files that cannot be used, or change all the time. */
  readonly leftOut: number;
}

/** Nothing was done. */
export const NOTHING_FILLED: FillTotals = {
  hours: 0,
  messages: 0,
  replaced: 0,
  forgotten: 0,
  leftOut: 0,
};

/** The sum of two outcomes. */
export function addFilled(left: FillTotals, right: FillTotals): FillTotals {
  return {
    hours: left.hours + right.hours,
    messages: left.messages + right.messages,
    replaced: left.replaced + right.replaced,
    forgotten: left.forgotten + right.forgotten,
    leftOut: left.leftOut + right.leftOut,
  };
}

/** What {@link fillChannel} fills. */
export interface FillChannelOptions extends FillOptions, AbortOptions {
  /** Only hours that are over by then with all that has a part in them. @default all */
  readonly nowUs?: Micros | undefined;
  /** Only these hours, by their start. @default all */
  readonly only?: ReadonlySet<Micros> | undefined;
  /** From the first hour on. Two processes at work on one index then meet in the middle. @default from the last back */
  readonly isOldestFirst?: boolean;
  /** Called after each hour that was looked at. */
  readonly onProgress?: (totals: FillTotals, hourUs: Micros) => void;
}

/** A minute closes a minute after its end, and is settled soon afterwards. */
const SETTLE_US = 3 * MINUTE_US;

// What one transaction holds: few hours, or few messages, so that little is done again after Ctrl-C.
const TOGETHER_MAX = 12;
const TOGETHER_MESSAGES_MAX = 40_000;

/** When an hour can be indexed: before that it still changes every minute, and is read. */
export function indexableFromUs(hourUs: Micros): Micros {
  return hourUs + HOUR_US + EDGE_US + SETTLE_US;
}

/**
 * Brings the index of a channel up to date with its files: hours whose files are the same are left as they are, others are read in normal form, hours that are gone are forgotten. May be
 * stopped and begun again at any time, and may run in several processes.
 *
 * @throws {ChatloomError} when the store or the index fails. What was indexed stays.
 */
export async function fillChannel(
  channel: string,
  options: FillChannelOptions,
): Promise<FillTotals> {
  const { index, store, stamps, signal, nowUs = Infinity, only, rest } = options;
  const known = new Map(
    (await index.hours(channel, { signal })).map((hour) => [hour.hourUs, hour]),
  );
  const orders = await stamps.orders(channel, { signal });
  const unchanged = new Map(
    (await stamps.unchanged(channel, chosen([...known.values()], only), { rest, signal }))
      .map((hour) => [hour.hourUs, hour]),
  );
  const run = new FillRun(channel, options);
  const there = await hoursOfFiles(channel, { store, signal });
  for (const hourUs of [...known.keys()].filter((us) => !there.has(us))) {
    if (only?.has(hourUs) === false) continue;
    await run.forget(hourUs);
  }
  const redacted = new RedactedHours(channel, options);
  for (const hourUs of [...there].sort((a, b) => options.isOldestFirst ? a - b : b - a)) {
    if (only?.has(hourUs) === false) continue;
    if (indexableFromUs(hourUs) > nowUs) {
      // An index never holds an hour that it does not follow.
      if (known.has(hourUs) && !unchanged.has(hourUs)) await run.forget(hourUs);
      continue;
    }
    signal?.throwIfAborted();
    const same = unchanged.get(hourUs);
    const isStale = same === undefined ||
      same.stamp.orders !== orders && await redacted.mayConcern(hourUs);
    if (isStale) await run.fill(hourUs, orders);
    else await run.restamp(same, orders);
    options.onProgress?.(run.totals, hourUs);
  }
  await run.flush();
  return run.totals;
}

function chosen(hours: IndexedHour[], only: ReadonlySet<Micros> | undefined): IndexedHour[] {
  return only === undefined ? hours : hours.filter(({ hourUs }) => only.has(hourUs));
}

/** The hours that files can have messages in: their own and, where a range hangs over, those beside them. */
async function hoursOfFiles(
  channel: string,
  { store, signal }: AbortOptions & { readonly store: BatchStore },
): Promise<Set<Micros>> {
  const hours = new Set<Micros>();
  for await (const name of store.folders(chatFolder(channel), { signal })) {
    const hourUs = parseHour(name);
    if (hourUs === undefined) continue;
    for (const each of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) {
      if (each >= 0 && each < TIME_END_US) hours.add(each);
    }
  }
  return hours;
}

/** One filling of a channel. */
class FillRun {
  readonly #channel: string;
  readonly #options: FillChannelOptions;
  readonly #waiting: HourToIndex[] = [];
  readonly #restamps: { hourUs: Micros; from: IndexStamp; to: IndexStamp }[] = [];
  #waitingMessages = 0;
  totals = NOTHING_FILLED;

  constructor(channel: string, options: FillChannelOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  async forget(hourUs: Micros): Promise<void> {
    const { index, signal } = this.#options;
    await index.forgetHours(this.#channel, { fromUs: hourUs, untilUs: hourUs + HOUR_US, signal });
    this.totals = addFilled(this.totals, { ...NOTHING_FILLED, forgotten: 1 });
  }

  /** Notes that an unchanged hour looks as it does now, and that these redactions do not concern it. */
  async restamp({ hourUs, stamp: from, looksSame }: UnchangedHour, orders: string): Promise<void> {
    if (looksSame && from.orders === orders) return;
    const { stamps, signal } = this.#options;
    const to = await stamps.stamp(this.#channel, hourUs, { orders, signal });
    if (to.files !== from.files || to.orders === from.orders && to.folders === from.folders) return;
    this.#restamps.push({ hourUs, from, to });
  }

  async fill(hourUs: Micros, orders: string): Promise<void> {
    const { index, stamps, signal } = this.#options;
    const stamp = await stamps.stamp(this.#channel, hourUs, { orders, signal });
    const span = { fromUs: hourUs, untilUs: hourUs + HOUR_US, signal };
    const [known] = await index.hours(this.#channel, span);
    // Another process may have done it meanwhile.
    if (known?.stamp.files === stamp.files && known.stamp.orders === orders) return;
    const found = await this.#read(hourUs);
    const after = await stamps.stamp(this.#channel, hourUs, {
      orders: await stamps.orders(this.#channel, { signal }),
      signal,
    });
    const isSteady = after.files === stamp.files && after.orders === orders;
    const replaced = known === undefined ? 0 : 1;
    if (found === undefined || !isSteady) {
      // What the index has of it, if anything, is older than its files.
      if (known !== undefined) await this.forget(hourUs);
      this.totals = addFilled(this.totals, { ...NOTHING_FILLED, leftOut: 1 });
      return;
    }
    const messages = [...found.counts.values()].reduce((sum, count) => sum + count, 0);
    this.#waiting.push({ hourUs, stamp, facts: found });
    this.#waitingMessages += messages;
    this.totals = addFilled(this.totals, { ...NOTHING_FILLED, hours: 1, messages, replaced });
    if (
      this.#waiting.length >= TOGETHER_MAX || this.#waitingMessages >= TOGETHER_MESSAGES_MAX
    ) await this.flush();
  }

  async flush(): Promise<void> {
    const { index, signal } = this.#options;
    const hours = this.#waiting.splice(0).sort((a, b) => a.hourUs - b.hourUs);
    this.#waitingMessages = 0;
    if (hours.length > 0) await index.putHours(this.#channel, hours, { signal });
    if (this.#restamps.length > 0) {
      await index.restampHours(this.#channel, this.#restamps.splice(0));
    }
  }

  /** The facts of an hour; `undefined` if a file that may be mended had to be left out. */
  async #read(hourUs: Micros): Promise<HourFacts | undefined> {
    const { store, hasher, reporter, settled, rest, signal } = this.#options;
    const collector = new FactsCollector();
    let leftOut = 0;
    const minutes = readMinutes(this.#channel, {
      ...{ store, hasher, reporter, settled, signal },
      ...(rest === undefined ? {} : { rest }),
      fromUs: hourUs,
      untilUs: hourUs + HOUR_US,
      onLeftOut: () => leftOut++,
    });
    for await (const minute of minutes) await runWithRests(collector.adding(minute), rest);
    return leftOut === 0 ? collector.facts() : undefined;
  }
}
