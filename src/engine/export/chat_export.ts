import type { Message } from "../../core/batch/message.ts";
import type { Micros } from "../../core/time.ts";

/** One event as an export gets it. */
export interface ExportedEvent {
  readonly message: Message;
  /** It did not happen before this. */
  readonly startUs: Micros;
  /** It did not happen after this; equal to the start where Twitch told the time. */
  readonly endUs: Micros;
  /** Its line of a batch. */
  readonly line: string;
}

/** What is known of an export before its first event. */
export interface ExportFacts {
  /** The channel's login. */
  readonly channel: string;
  /** The room's id; `""` if no message tells it. */
  readonly roomId: string;
  /** Offsets count from here. */
  readonly startUs: Micros;
  /** Nothing happened after this. */
  readonly endUs: Micros;
}

/** Writes events in the form of one format. Each call returns the text that follows what came before. */
export interface ChatExport {
  /** What stands in front of the first event. */
  begin(facts: ExportFacts): string;
  /** One event; `""` if the format has no place for it. */
  event(event: ExportedEvent): string;
  /** What stands behind the last one. */
  end(): string;
}

/** Seconds since the start, never below 0, to the millisecond. */
export function offsetMs(event: ExportedEvent, { startUs }: ExportFacts): number {
  return Math.max(0, Math.floor((event.startUs - startUs) / 1000));
}

/** A duration as `1:02:03`; hours go on beyond 24. */
export function formatClock(ms: number, { hourDigits }: { readonly hourDigits: number }): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = String(Math.floor(seconds / 3600)).padStart(hourDigits, "0");
  return `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
