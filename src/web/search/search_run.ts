import { type Signal, signal } from "@preact/signals";
import type { Message } from "../../core/batch/message.ts";
import type { Micros } from "../../core/time.ts";
import { reasonOf } from "../state/archives_state.ts";
import type { Library } from "../state/library.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { SearchProgress } from "../reading/chat_search.ts";
import type { Filter } from "../reading/filter.ts";

/** How many more messages are found at a time. */
const HITS_AT_ONCE = 200;

/** The progress of a search. */
export type SearchStatus =
  | { readonly kind: "searching" }
  /** It found enough, or was stopped: it can go on. */
  | { readonly kind: "resting" }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string };

/** One search of a channel, from the last message back. */
export class SearchRun {
  readonly span: Span;
  readonly filter: Filter;
  /** From the last back. */
  readonly hits: Signal<readonly Message[]> = signal([]);
  /** How many messages each minute has that were found. */
  readonly counts: Signal<ReadonlyMap<Micros, number>> = signal(new Map());
  /** All from here to the end of the span was searched. */
  readonly searchedUs: Signal<Micros>;
  readonly status: Signal<SearchStatus> = signal({ kind: "resting" });
  readonly #channel: string;
  readonly #call: Library["call"];
  #untilUs: Micros;
  #cursor = "";
  #run: AbortController | undefined;

  /** Begins to search at once. */
  constructor(
    { channel, span, filter }: {
      readonly channel: string;
      readonly span: Span;
      readonly filter: Filter;
    },
    call: Library["call"],
  ) {
    this.span = span;
    this.filter = filter;
    this.#channel = channel;
    this.#call = call;
    this.#untilUs = span.untilUs;
    this.searchedUs = signal(span.untilUs);
    void this.goOn();
  }

  /** Searches for more. */
  async goOn(): Promise<void> {
    this.stop();
    const controller = this.#run = new AbortController();
    const { signal } = controller;
    this.status.value = { kind: "searching" };
    try {
      const request = {
        channel: this.#channel,
        filter: this.filter,
        fromUs: this.span.fromUs,
        // A cursor of a node counts within the whole span.
        untilUs: this.#cursor === "" ? this.#untilUs : this.span.untilUs,
        cursor: this.#cursor,
        limit: HITS_AT_ONCE,
      };
      const onProgress = (progress: SearchProgress): void => this.#take(progress);
      const { untilUs } = await this.#call("search", request, { signal, onProgress });
      if (signal.aborted) return;
      if (untilUs !== undefined) this.#untilUs = untilUs;
      else this.searchedUs.value = this.span.fromUs;
      this.status.value = { kind: untilUs === undefined ? "done" : "resting" };
    } catch (error) {
      if (!signal.aborted) this.status.value = { kind: "failed", reason: reasonOf(error) };
    }
  }

  /** Stops searching; what was found stays. */
  stop(): void {
    if (this.status.value.kind !== "searching") return;
    this.#run?.abort();
    this.status.value = { kind: "resting" };
  }

  #take({ hits, counts, searchedUs, cursor = "" }: SearchProgress): void {
    this.#untilUs = this.searchedUs.value = searchedUs;
    this.#cursor = cursor;
    if (hits.length === 0) return;
    this.hits.value = [...this.hits.value, ...hits];
    const sums = new Map(this.counts.value);
    for (const [minuteUs, count] of counts) {
      sums.set(minuteUs, (sums.get(minuteUs) ?? 0) + count);
    }
    this.counts.value = sums;
  }
}
