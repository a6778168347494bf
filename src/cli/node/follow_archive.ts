import { openParts } from "../../node/wiring/parts/archive_parts.ts";
import { bestHasher } from "../../adapters/hashers/web_crypto_hasher.ts";
import { systemClock } from "../../adapters/system/system_clock.ts";
import { systemRandom } from "../../adapters/system/system_random.ts";
import type { MessageFilter } from "../../core/text/message_filter.ts";
import { SharedChatReader } from "../../engine/api/chat/shared_chat_reader.ts";
import type { Cursor } from "../../engine/live/cursor.ts";
import { followChat, type StreamItem } from "../../engine/live/live_stream.ts";
import { RedactionWatch } from "../../engine/live/redaction_watch.ts";
import { replaySource } from "../../engine/live/replay.ts";
import { followChanges } from "../../node/wiring/live/follow_changes.ts";
import { LiveArchive } from "../../node/wiring/live/live_archive.ts";
import type { VerbContext } from "../frame/context.ts";

/** What is followed. */
export interface FollowArchiveOptions {
  readonly channels: readonly string[];
  readonly filter: MessageFilter;
  /** Where to begin. @default now */
  readonly after?: Cursor | undefined;
}

const CACHE_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Yields what recorders receive until the context's signal aborts: of those on this machine from their journals, of
 * those on others where the archive tells of it.
 *
 * @throws {ChatloomError} when the archive cannot be read.
 */
export async function* followArchive(
  archive: string,
  options: FollowArchiveOptions,
  { reporter, signal }: Pick<VerbContext, "reporter" | "signal">,
): AsyncGenerator<readonly StreamItem[], void, undefined> {
  const parts = await openParts(archive);
  const { files: store, settled, journalFolder: folder, liveLines: lines } = parts;
  const hasher = await bestHasher();
  const clock = systemClock();
  const random = systemRandom();
  const live = new LiveArchive({ folder, store, hasher, clock, random, reporter, lines });
  await live.begin();
  const reader = new SharedChatReader({
    ...{ store: live.chatStore, hasher, clock, reporter, settled },
    cacheMaxBytes: CACHE_MAX_BYTES,
    bootName: "",
  });
  const redactions = new RedactionWatch({ store, hasher, clock });
  const stop = new AbortController();
  const following = Promise.all([
    live.run(stop.signal),
    followChanges(parts.changes, { live, indexed: undefined }, stop.signal),
  ]);
  following.catch(() => {}); // Awaited in the end.
  try {
    yield* followChat({
      ...options,
      feed: live.feed,
      source: replaySource({ store: live.chatStore, reader, clock }),
      redactionsOf: (channel) => redactions.of(channel),
      signal,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stop.abort();
    await following;
    await parts.close();
  }
}
