import { type Signal, signal } from "@preact/signals";
import { HOUR_US, type Micros, MINUTE_US, minuteOf } from "../../core/time.ts";
import { reasonOf } from "../state/archives_state.ts";
import type { PageCalls } from "../reading/page_calls.ts";
import { restOfHour, type Span } from "../reading/chat_archive.ts";
import type { FoundMinute } from "../reading/chat_reader.ts";
import { type Filter, isEmptyFilter } from "../reading/filter.ts";
import type { RpcClient } from "../rpc/rpc_client.ts";
import { Marks } from "./message/marks.ts";
import { REMOVAL_END_US } from "../reading/removals/minutes_with_removals.ts";
import { RowLayout } from "./row_layout.ts";
import { RowMessages } from "./row_messages.ts";

const ROW_ESTIMATE_PX = 32;
/** How many messages come with the first ones that are read: more than a tall screen shows. */
const SCREENFUL = 60;

/** The request that opens a day's chat. */
export interface DayRequest {
  readonly channel: string;
  /** The day. */
  readonly day: Span;
  /** What to read first. */
  readonly focusUs: Micros;
  readonly filter: Filter;
  /** Read hour by hour, as the reader comes near, since each costs a transfer. */
  readonly isFrugal: boolean;
}

/** The progress of reading. */
export type DayStatus =
  | { readonly kind: "reading"; readonly minuteUs: Micros }
  | { readonly kind: "resting" }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string };

let lastNumber = 0;

/** The chat of one day as it is read: around the focus first, then on to both ends. */
export class DayChat {
  readonly request: DayRequest;
  /** Its unique number. */
  readonly number: number = ++lastNumber;
  readonly layout: RowLayout = new RowLayout(ROW_ESTIMATE_PX);
  readonly marks: Marks = new Marks();
  readonly messages: RowMessages;
  /** Counts up when rows came, went or changed; not when the messages at rows came. */
  readonly version: Signal<number> = signal(0);
  readonly status: Signal<DayStatus>;
  /** How many messages were read. */
  readonly seen: Signal<number> = signal(0);
  readonly #call: RpcClient<PageCalls>;
  readonly #controller = new AbortController();
  /** The spans that are not read yet, before and after the ones that are. */
  #before: Span;
  #after: Span;
  #isReading = false;
  #counts = new Map<Micros, number>();
  readonly #receiverCounts = new Map<Micros, number>();

  /** Starts reading at once. */
  constructor(request: DayRequest, call: RpcClient<PageCalls>) {
    const { day, focusUs, channel } = request;
    this.request = request;
    this.#call = call;
    const fromUs = Math.min(Math.max(minuteOf(focusUs), day.fromUs), day.untilUs - MINUTE_US);
    this.#before = { fromUs: day.fromUs, untilUs: fromUs };
    this.#after = { fromUs, untilUs: day.untilUs };
    this.status = signal({ kind: "reading", minuteUs: fromUs });
    const fetchRows = (minuteUs: Micros, rows: readonly number[], signal: AbortSignal) =>
      call("rows", { channel, minuteUs, rows }, { signal });
    this.messages = new RowMessages(fetchRows);
    void this.#readOn();
  }

  /** Reads a further hour on one side, where reading is hour by hour. */
  approach(side: "start" | "end"): void {
    if (this.#isReading || this.#controller.signal.aborted) return;
    if (this.status.value.kind === "failed") return; // It would fail again and again.
    if (side === "start" && !isEmpty(this.#before)) void this.#readOne("before");
    if (side === "end" && !isEmpty(this.#after)) void this.#readOne("after");
  }

  /** Whether the minute of a moment was read, or is about to be. */
  covers(atUs: Micros): boolean {
    const minuteUs = minuteOf(atUs);
    const untilUs = Math.max(this.#after.fromUs, minuteOf(this.request.focusUs) + MINUTE_US);
    return this.#counts.has(minuteUs) || (minuteUs >= this.#before.untilUs && minuteUs < untilUs);
  }

  /** How many receivers saw the best seen message of a minute; what is above 4 counts as 4. */
  receiverCount(minuteUs: Micros): number {
    return this.#receiverCounts.get(minuteUs) ?? 0;
  }

  /** Whether all of the day was read. */
  get isComplete(): boolean {
    return isEmpty(this.#before) && isEmpty(this.#after);
  }

  /** Reads the minutes again that may have grown: from the last known one on. */
  async refresh(nowUs: Micros): Promise<void> {
    if (this.#isReading) return;
    const known = Math.max(0, ...this.#counts.keys());
    const { day, filter } = this.request;
    // What is removed by now may have been said some minutes ago.
    const reachUs = filter.removed === undefined ? 2 * MINUTE_US : REMOVAL_END_US;
    const fromUs = Math.max(known - reachUs, day.fromUs);
    const untilUs = Math.min(nowUs + MINUTE_US, day.untilUs);
    if (fromUs < untilUs && await this.#read({ fromUs, untilUs })) this.#rest();
  }

  /** Takes minutes that got messages, as far as they are of this day. */
  grow(found: readonly FoundMinute[]): void {
    const { day } = this.request;
    const { value } = this.status;
    this.#take(
      found.filter(({ summary: { minuteUs } }) => minuteUs >= day.fromUs && minuteUs < day.untilUs),
    );
    this.status.value = value;
  }

  /** Stops reading. */
  close(): void {
    this.#controller.abort();
    this.messages.stop();
  }

  async #readOn(): Promise<void> {
    // A search reads all of the day, as the reader requested it.
    const isHourly = this.request.isFrugal && isEmptyFilter(this.request.filter);
    do {
      const didRead = await this.#readHour(isEmpty(this.#after) ? "before" : "after");
      if (!didRead) return;
    } while (!this.isComplete && (!isHourly || this.layout.count === 0));
    this.#rest();
  }

  async #readOne(side: "before" | "after"): Promise<void> {
    if (await this.#readHour(side)) this.#rest();
  }

  #rest(): void {
    this.status.value = { kind: this.isComplete ? "done" : "resting" };
  }

  async #readHour(side: "before" | "after"): Promise<boolean> {
    let span: Span;
    if (side === "after") {
      const { fromUs, untilUs } = this.#after;
      span = restOfHour(fromUs, untilUs);
    } else {
      const { fromUs, untilUs } = this.#before;
      span = { fromUs: Math.max(fromUs, untilUs - HOUR_US), untilUs };
    }
    if (!await this.#read(span)) return false;
    if (side === "after") this.#after = { ...this.#after, fromUs: span.untilUs };
    else this.#before = { ...this.#before, untilUs: span.fromUs };
    return true;
  }

  async #read(span: Span): Promise<boolean> {
    const { signal } = this.#controller;
    const { channel, filter } = this.request;
    this.#isReading = true;
    this.status.value = { kind: "reading", minuteUs: span.fromUs };
    try {
      const onProgress = (found: readonly FoundMinute[]): void => this.#take(found);
      const screenful = this.layout.count === 0 ? SCREENFUL : 0;
      const request = { channel, filter, screenful, ...span };
      await this.#call("read", request, { signal, onProgress });
      return true;
    } catch (error) {
      if (!signal.aborted) this.status.value = { kind: "failed", reason: reasonOf(error) };
      return false;
    } finally {
      this.#isReading = false;
    }
  }

  #take(found: readonly FoundMinute[]): void {
    const fresh = found.filter(({ summary: { minuteUs, count }, rows }) =>
      this.#counts.get(minuteUs) !== count || !isSameRows(this.layout.block(minuteUs)?.rows, rows)
    );
    for (const { summary } of fresh) {
      this.marks.add(summary);
      if (this.#counts.has(summary.minuteUs)) this.messages.forget(summary.minuteUs);
      this.seen.value += summary.count - (this.#counts.get(summary.minuteUs) ?? 0);
      this.#counts.set(summary.minuteUs, summary.count);
      const most = summary.byReceivers.findLastIndex((count) => count > 0) + 1;
      this.#receiverCounts.set(summary.minuteUs, most);
    }
    for (const { summary: { minuteUs }, rows, messages = [] } of fresh) {
      this.messages.put(minuteUs, messages.map((_, i) => rows?.[i] ?? i), messages);
    }
    this.layout.put(fresh.map(({ summary, rows }) => ({
      minuteUs: summary.minuteUs,
      count: rows?.length ?? summary.count,
      rows,
    })));
    const last = found.at(-1);
    if (last !== undefined) {
      this.status.value = { kind: "reading", minuteUs: last.summary.minuteUs };
    }
    if (fresh.length > 0) this.version.value++;
  }
}

/** Whether the same rows of a minute meet the filter; a minute without any is not laid out. */
function isSameRows(one: Uint32Array | undefined, other: Uint32Array | undefined): boolean {
  const [rows, others] = [one ?? [], other ?? []];
  return rows.length === others.length && rows.every((row, i) => row === others[i]);
}

function isEmpty({ fromUs, untilUs }: Span): boolean {
  return fromUs >= untilUs;
}
