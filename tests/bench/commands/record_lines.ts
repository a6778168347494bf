import { createHash } from "node:crypto";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { encodeRecordedBatch } from "../../../src/engine/record/encode_recorded.ts";
import { Recording } from "../../../src/engine/record/recording.ts";
import type { Hasher } from "../../../src/ports/hasher.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";

/** A raw line, and when it was received. */
export interface ReceivedLine {
  readonly receivedUs: number;
  readonly line: string;
}

/** A file of an archive: its key, its bytes, and how many messages it holds. */
export interface RecordedFile {
  readonly key: ArchiveKey;
  readonly bytes: Uint8Array;
  readonly messageCount: number;
}

const HASHER: Hasher = {
  digest: (bytes) => createHash("sha256").update(bytes).digest(),
  stream: () => {
    throw new TypeError("Cannot stream: no bench needs it");
  },
};

/** This many lines pass between two checks for minutes that can be closed, as in an import. */
const LOOK_EVERY = 1_000;

/** From lines to hashed batches, by the core alone: no file is read or written. Receivers are `<run>.0`. */
export async function* recordLines(
  lines: Iterable<ReceivedLine>,
  run: string,
): AsyncGenerator<RecordedFile> {
  const recording = new Recording({ run, reporter: noopReporter, isMidway: true });
  let first: number | undefined;
  let sinceLook = 0;
  for (const { receivedUs, line } of lines) {
    first ??= receivedUs;
    const moment = { receivedUs, elapsedUs: receivedUs - first };
    recording.line(0, moment, line);
    if (++sinceLook < LOOK_EVERY) continue;
    sinceLook = 0;
    for (const minute of recording.closable(moment)) yield await close(recording, minute);
  }
  for (const minute of recording.openBatches()) yield await close(recording, minute);
}

async function close(
  recording: Recording,
  { channel, minuteUs }: { readonly channel: string; readonly minuteUs: number },
): Promise<RecordedFile> {
  const batch = recording.closeBatch(channel, minuteUs)!;
  const { key, bytes } = await encodeRecordedBatch(batch, HASHER);
  return { key, bytes, messageCount: batch.buffer.messageCount };
}
