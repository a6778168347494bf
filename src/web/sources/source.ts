import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import type { Micros } from "../../core/time.ts";
import { BlobStore } from "../../adapters/browser/blob_store.ts";
import type { BlobSpool } from "../../adapters/browser/blob_spool.ts";
import { type ChannelReport, type Problem, PROBLEMS_SHOWN, type SourceReport } from "./report.ts";

/** One source that the user handed over, and its findings. Only valid files are in its store. */
export class Source {
  readonly id: number;
  readonly name: string;
  readonly form: SourceReport["form"];
  readonly store: BlobStore;
  #batches = 0;
  #bytes = 0;
  #messages = 0;
  #tombstones = 0;
  #redactions = 0;
  readonly #channels = new Map<string, { minutes: Set<Micros>; messages: number }>();
  readonly #ignored = new Map<string, number>();
  readonly #problems: Problem[] = [];
  readonly #problemCounts = { damaged: 0, unreadable: 0, stray: 0 };

  /** A source without findings. */
  constructor(
    id: number,
    { name, form, spool }: {
      readonly name: string;
      readonly form: SourceReport["form"];
      readonly spool: BlobSpool;
    },
  ) {
    this.id = id;
    this.name = name;
    this.form = form;
    this.store = new BlobStore(spool);
  }

  /** Counts a valid file. */
  count(key: ArchiveKey, { bytes, messages }: { bytes: number; messages: number }): void {
    const parts = parseArchiveKey(key);
    this.#bytes += bytes;
    if (parts?.kind === "tombstone") this.#tombstones++;
    if (parts?.kind === "redaction") this.#redactions++;
    if (parts?.kind !== "batch") return;
    this.#batches++;
    this.#messages += messages;
    let channel = this.#channels.get(parts.channel);
    if (channel === undefined) {
      this.#channels.set(parts.channel, channel = { minutes: new Set(), messages: 0 });
    }
    channel.minutes.add(parts.minuteUs);
    channel.messages += messages;
  }

  /** Counts lines of a capture that are not archived. */
  ignore(reason: string, lines: number): void {
    this.#ignored.set(reason, (this.#ignored.get(reason) ?? 0) + lines);
  }

  /** Notes a file that is left out. */
  note(problem: Problem): void {
    this.#problemCounts[problem.kind]++;
    if (this.#problems.length < PROBLEMS_SHOWN) this.#problems.push(problem);
  }

  /** Starts of the minutes of `channel` that it has batches of. */
  minutes(channel: string): ReadonlySet<Micros> {
    return this.#channels.get(channel)?.minutes ?? new Set();
  }

  /** Names of its channels. */
  get channels(): readonly string[] {
    return [...this.#channels.keys()].sort();
  }

  /** The findings so far. */
  report(): SourceReport {
    return {
      id: this.id,
      name: this.name,
      form: this.form,
      batches: this.#batches,
      bytes: this.#bytes,
      messages: this.#messages,
      channels: this.channels.map((channel) => this.#channelReport(channel)),
      tombstones: this.#tombstones,
      redactions: this.#redactions,
      ignored: [...this.#ignored].map(([reason, lines]) => ({ reason, lines })),
      problems: [...this.#problems],
      problemCounts: { ...this.#problemCounts },
    };
  }

  #channelReport(channel: string): ChannelReport {
    const { minutes, messages } = this.#channels.get(channel)!;
    let [firstUs, lastUs] = [Infinity, 0];
    for (const minuteUs of minutes) {
      firstUs = Math.min(firstUs, minuteUs);
      lastUs = Math.max(lastUs, minuteUs);
    }
    return { channel, minutes: minutes.size, firstUs, lastUs, messages };
  }
}
