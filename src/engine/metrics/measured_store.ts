import { parseArchiveKey } from "../../core/archive/archive_key.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { countReceivers } from "./receiver_counts.ts";
import { RecentMessages } from "./recent_messages.ts";

/** Where a {@link measuredStore} counts. */
export interface MeasuredStoreOptions {
  /** Counts files and bytes. */
  readonly reporter: Reporter;
  /** Measures batches, and the last hour. */
  readonly metrics: Metrics;
}

/**
 * The same store, which counts what is put and deleted by recorder, settler and sync.
 * Keeps every promise of `store`.
 */
export function measuredStore(
  store: BatchStore,
  { reporter, metrics }: MeasuredStoreOptions,
): BatchStore {
  const recent = new RecentMessages();
  metrics.gauge("recent_messages", () => recent.byReceivers());
  metrics.gauge("recent_duplicates_ratio", () => [{ value: recent.duplicatesRatio() }]);
  return {
    list: (prefix, options) => store.list(prefix, options),
    folders: (folder, options) => store.folders(folder, options),
    get: (key, options) => store.get(key, options),
    strays: (prefix, options) => store.strays(prefix, options),
    async put(key, bytes, options) {
      await store.put(key, bytes, options);
      const parts = parseArchiveKey(key);
      if (parts === undefined) return;
      reporter.count("files_stored", { kind: parts.kind });
      reporter.count("file_bytes_stored", { kind: parts.kind }, bytes.length);
      if (parts.kind !== "batch") return;
      const counts = countReceivers(bytes);
      metrics.observe("batch_bytes", bytes.length);
      metrics.observe("batch_messages", counts.reduce((sum, count) => sum + count, 0));
      recent.note(key, { channel: parts.channel, minuteUs: parts.minuteUs, counts });
    },
    async delete(key, options) {
      await store.delete(key, options);
      const parts = parseArchiveKey(key);
      if (parts === undefined) return;
      reporter.count("files_deleted", { kind: parts.kind });
      recent.forget(key, parts.channel);
    },
  };
}
