import { coverageFolder, parseHour } from "../../core/archive/archive_key.ts";
import { splitBatch } from "../../core/batch/batch.ts";
import { joinSpans } from "../../core/coverage/coverage.ts";
import { HOUR_US, hourOf, type Micros } from "../../core/time.ts";
import { readHourCoverage } from "../../engine/coverage/read_coverage.ts";
import { readMinutes } from "../../engine/read/read_minutes.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { noopReporter } from "../../ports/reporter.ts";
import type { HourFigures, Span } from "./chat_archive.ts";

/** What {@link storedFigures} reads. */
interface StoredFiguresOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly span: Span;
  readonly signal: AbortSignal;
}

/**
 * The figures of the hours of a channel that have chat or coverage, ascending, one hour at a time: files have
 * no index, so each hour is read once.
 */
export async function* storedFigures(
  channel: string,
  { store, hasher, span, signal }: StoredFiguresOptions,
): AsyncGenerator<readonly HourFigures[], void, undefined> {
  const hours = new Set<Micros>();
  // Hours in which recorders listened and heard nothing have coverage alone.
  for (const folder of [`${channel}/chat`, coverageFolder(channel)]) {
    for await (const name of store.folders(folder, { signal })) {
      const hourUs = parseHour(name);
      if (hourUs === undefined) continue;
      if (hourUs >= hourOf(span.fromUs) && hourUs < span.untilUs) hours.add(hourUs);
    }
  }
  for (const hourUs of [...hours].sort((a, b) => a - b)) {
    const options = { store, hasher, reporter: noopReporter, signal };
    let messages = 0;
    const hour = { fromUs: hourUs, untilUs: hourUs + HOUR_US };
    for await (const { bytes } of readMinutes(channel, { ...options, ...hour })) {
      messages += splitBatch(bytes).length;
    }
    const coverage = await readHourCoverage(channel, hourUs, options);
    const spans = joinSpans([...coverage.values()].flat());
    const listenedS = spans.reduce((sum, [from, to]) => sum + to - from, 0);
    yield [{ hourUs, messages, listenedS: coverage.size === 0 ? undefined : listenedS }];
  }
}
