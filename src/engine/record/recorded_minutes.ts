import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";
import type { MinuteBuffer } from "../../core/recording/minute_buffer.ts";
import type { Micros } from "../../core/time.ts";
import type { BatchWriter } from "./batch_writer.ts";
import { type JournalSegments, recallBatches } from "./recall_batches.ts";
import type { Recording } from "./recording.ts";
import type { SpilledBatch } from "./spilled_batches.ts";
import type { UnstoredMinute, UnstoredSource } from "./unstored/unstored_source.ts";

/** What a recorder has received and not stored: open batches, those that wait, and spilled ones. */
export class RecordedMinutes implements UnstoredSource {
  readonly #recording: Recording;
  readonly #writer: Pick<BatchWriter, "waiting" | "spilled">;
  readonly #options: RecallOptions;

  /** The minutes of `recording`, and those that `writer` has not stored. */
  constructor(
    recording: Recording,
    writer: Pick<BatchWriter, "waiting" | "spilled">,
    options: RecallOptions,
  ) {
    this.#recording = recording;
    this.#writer = writer;
    this.#options = options;
  }

  /** See {@link UnstoredSource}. */
  *channels(): Iterable<string> {
    yield* this.#recording.openChannels();
    for (const { batch } of this.#writer.waiting) yield batch.channel;
    for (const { channel } of this.#writer.spilled) yield channel;
  }

  /** See {@link UnstoredSource}. */
  *minutesOf(channel: string): Iterable<UnstoredMinute> {
    for (const { minuteUs, buffer } of this.#recording.openMinutesOf(channel)) {
      yield buffered(minuteUs, buffer);
    }
    for (const { batch } of this.#writer.waiting) {
      if (batch.channel === channel) yield buffered(batch.minuteUs, batch.buffer);
    }
    for (const spilled of this.#writer.spilled) {
      if (spilled.channel === channel) yield recalled(spilled, this.#options);
    }
  }
}

/** What reading a batch back takes. */
export interface RecallOptions {
  readonly journal: JournalSegments;
  readonly compressor?: ByteCompressor | undefined;
}

function buffered(minuteUs: Micros, buffer: MinuteBuffer): UnstoredMinute {
  const { identity, version } = buffer;
  return { minuteUs, identity, version, snapshot: () => buffer.snapshot().bytes };
}

function recalled(spilled: SpilledBatch, options: RecallOptions): UnstoredMinute {
  const { minuteUs, identity, version } = spilled;
  return {
    minuteUs,
    identity,
    version,
    async snapshot() {
      for await (const { batch } of recallBatches([spilled], options)) {
        const { bytes } = batch.buffer.snapshot();
        batch.buffer.free();
        return bytes;
      }
      return undefined;
    },
  };
}
