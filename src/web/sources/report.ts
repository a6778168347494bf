import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import type { Micros } from "../../core/time.ts";

/** What the user handed over. */
export type SourceInput =
  | { readonly kind: "files"; readonly name: string; readonly files: readonly PathedFile[] }
  | { readonly kind: "packed"; readonly name: string; readonly file: File };

/** A file with its path in the folder that was dropped or picked. */
export interface PathedFile {
  readonly path: string;
  readonly file: File;
}

/** A file that is left out, and why. */
export interface Problem {
  /** `damaged`: bytes that do not match the name; `unreadable`: no messages; `stray`: no batch. */
  readonly kind: "damaged" | "unreadable" | "stray";
  readonly path: string;
  /** The faulty line, counted from 1. */
  readonly line?: number;
  readonly reason: string;
}

/** The contents of a source for one channel. */
export interface ChannelReport {
  readonly channel: string;
  /** Minutes with at least one batch. */
  readonly minutes: number;
  readonly firstUs: Micros;
  /** Start of the last minute. */
  readonly lastUs: Micros;
  readonly messages: number;
}

/** The findings in a source. */
export interface SourceReport {
  readonly id: number;
  readonly name: string;
  /** The kind of source. */
  readonly form: "files" | "zip" | "tar" | "capture";
  readonly batches: number;
  readonly bytes: number;
  readonly messages: number;
  readonly channels: readonly ChannelReport[];
  readonly tombstones: number;
  readonly redactions: number;
  /** Lines of a capture that are not archived, by reason. */
  readonly ignored: readonly { readonly reason: string; readonly lines: number }[];
  /** The first {@link PROBLEMS_SHOWN}. */
  readonly problems: readonly Problem[];
  readonly problemCounts: { readonly [kind in Problem["kind"]]: number };
}

/** At most this many problems of a source are named; the rest are counted. */
export const PROBLEMS_SHOWN = 500;

/** The progress of a check. */
export interface CheckProgress {
  readonly files: number;
  readonly bytes: number;
  readonly path: string;
  /** How much of a packed file was read, while it is opened. */
  readonly opening?: { readonly readBytes: number; readonly ofBytes: number };
}

/** A run of minutes of one channel with messages in one source only. */
export interface LonelyMinutes {
  readonly channel: string;
  readonly firstUs: Micros;
  /** Start of the last minute of the run. */
  readonly lastUs: Micros;
}

/** What one source has and lacks, compared with the others. */
export interface ComparedSource {
  readonly id: number;
  /** Messages that no other source has. */
  readonly onlyHere: number;
  /** Messages that another source has and this one lacks. */
  readonly missingHere: number;
  /** Minutes of a channel with messages in this source only. */
  readonly minutesOnlyHere: number;
  /** The first {@link RUNS_SHOWN} runs of those minutes. */
  readonly runsOnlyHere: readonly LonelyMinutes[];
  /** The first {@link EXAMPLES_SHOWN} messages that only it has, as lines of JSON. */
  readonly examples: readonly string[];
}

/** How many runs of minutes are named. */
export const RUNS_SHOWN = 100;
/** How many messages are shown. */
export const EXAMPLES_SHOWN = 20;

/** The result of a comparison. */
export interface Comparison {
  readonly sources: readonly ComparedSource[];
  /** Messages that every source has. */
  readonly common: number;
  /** Messages in all, as a reader of all sources together gets them. */
  readonly messages: number;
}

/** The progress of a pass over all minutes. */
export interface MinuteProgress {
  readonly done: number;
  readonly total: number;
  /** The current channel. */
  readonly key: ArchiveKey;
}

/** The result of a merge. */
export interface MergeReport {
  readonly batches: number;
  readonly bytes: number;
  readonly messages: number;
  readonly tombstones: number;
  readonly redactions: number;
  readonly milliseconds: number;
  /** Files of the sources that were damaged or unreadable. */
  readonly leftOut: number;
}
