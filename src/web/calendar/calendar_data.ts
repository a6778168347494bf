import { type Signal, signal } from "@preact/signals";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { HourFigures, Span } from "../reading/chat_archive.ts";
import { reasonOf } from "../state/archives_state.ts";
import type { Library } from "../state/library.ts";

/** What is known of a channel's hours; reads each year once. */
export class CalendarData {
  /** Counts up when more is known. */
  readonly version: Signal<number> = signal(0);
  readonly isReading: Signal<boolean> = signal(false);
  readonly failure: Signal<string | undefined> = signal(undefined);
  /** By the hour's start. */
  readonly hours: Map<Micros, HourFigures> = new Map<Micros, HourFigures>();
  readonly #channel: string;
  readonly #library: Library;
  readonly #read = new Set<string>();
  #run: AbortController | undefined;

  /** Without any facts. */
  constructor(channel: string, library: Library) {
    this.#channel = channel;
    this.#library = library;
  }

  /**
   * Reads the hours of `year` unless they were read, in place of an earlier read. `hourBeforeUs`, the last hour
   * with chat before it, tells whether a gap at its start follows coverage.
   */
  async show(year: Span, hourBeforeUs: Micros | undefined): Promise<void> {
    this.close();
    const name = `${year.fromUs}~${year.untilUs}`;
    this.failure.value = undefined;
    this.isReading.value = false;
    if (this.#read.has(name)) return;
    const controller = this.#run = new AbortController();
    const { signal } = controller;
    this.isReading.value = true;
    try {
      const onProgress = (hours: readonly HourFigures[]): void => {
        for (const hour of hours) this.hours.set(hour.hourUs, hour);
        this.#tell();
      };
      const spans = [year];
      if (hourBeforeUs !== undefined && !this.hours.has(hourBeforeUs)) {
        spans.unshift({ fromUs: hourBeforeUs, untilUs: hourBeforeUs + HOUR_US });
      }
      for (const span of spans) {
        const request = { channel: this.#channel, ...span };
        await this.#library.call("figures", request, { signal, onProgress });
      }
      this.#read.add(name);
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

  /** Draws once a frame, however many hours come. */
  #tell(): void {
    if (this.#frame !== undefined) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined;
      this.version.value++;
    });
  }
  #frame: number | undefined;
}
