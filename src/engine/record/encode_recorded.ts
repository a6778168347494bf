import { type ArchiveKey, batchKey } from "../../core/archive/archive_key.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { RecordedBatch } from "./recording.ts";

/** The file of a recorded batch: its messages in normal form, and the key that names them. */
export async function encodeRecordedBatch(
  batch: RecordedBatch,
  hasher: Hasher,
): Promise<{ key: ArchiveKey; bytes: Uint8Array }> {
  const { bytes } = batch.buffer.encode();
  const digest = await hasher.digest(bytes);
  return { key: batchKey(batch.channel, { timeUs: batch.minuteUs, digest }), bytes };
}

/** Counts the messages of a stored batch. */
export function countWritten(
  batch: RecordedBatch,
  { bytes, reporter }: { readonly bytes: number; readonly reporter: Reporter },
): void {
  const { channel } = batch;
  for (const [command, amount] of batch.buffer.commandCounts) {
    reporter.count("messages_written", { channel, command }, amount);
  }
  reporter.count("batches_written", { channel });
  reporter.count("bytes_written", { channel }, bytes);
}
