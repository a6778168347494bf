import { type MergedMinute, mergeMinutes } from "../../core/merge/merge_batches.ts";
import { lineTime } from "../../core/scan/line_time.ts";
import { type Micros, MINUTE_US, minuteOf } from "../../core/time.ts";
import type { ChatArchive } from "./chat_archive.ts";

/** How a follower keeps minutes between messages. */
export interface KeptMinutes {
  /** The minute as it was read last; `undefined` if it is not kept. */
  bytes(minuteUs: Micros): Uint8Array | undefined;
}

const UTF8 = new TextEncoder();

/**
 * Yields the minutes of a channel that get messages, each whole and in normal form, as the node receives them.
 * Ends when the node ends the feed.
 *
 * @throws {ChatloomError} when the archive has no feed, or its connection breaks.
 */
export async function* followChat(
  archive: ChatArchive,
  channel: string,
  { kept, signal }: { readonly kept: KeptMinutes; readonly signal: AbortSignal },
): AsyncGenerator<readonly MergedMinute[], void, undefined> {
  for await (const lines of archive.follow(channel, signal)) {
    const byMinute = new Map<Micros, string>();
    for (const line of lines) {
      const minuteUs = minuteOf(lineTime(UTF8.encode(line)).startUs);
      byMinute.set(minuteUs, `${byMinute.get(minuteUs) ?? ""}${line}\n`);
    }
    const grown = new Map<Micros, Uint8Array>();
    const add = async (minuteUs: Micros, bytes: Uint8Array): Promise<MergedMinute[]> => {
      const before = grown.get(minuteUs) ?? kept.bytes(minuteUs) ??
        await readMinute(archive, channel, minuteUs, signal);
      return before === undefined ? mergeMinutes([bytes]) : mergeMinutes([before, bytes]);
    };
    for (const [minuteUs, text] of byMinute) {
      // The feed tells each message once, by its first receiver; the archive may know more of them.
      for (const merged of await add(minuteUs, UTF8.encode(text))) {
        if (merged.minuteUs === minuteUs) {
          grown.set(minuteUs, merged.bytes);
          continue;
        }
        // A message without a time of its own has moved into this minute, which holds others.
        for (const each of await add(merged.minuteUs, merged.bytes)) {
          grown.set(each.minuteUs, each.bytes);
        }
      }
    }
    yield [...grown].map(([minuteUs, bytes]) => ({ minuteUs, bytes }));
  }
}

async function readMinute(
  archive: ChatArchive,
  channel: string,
  minuteUs: Micros,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const span = { fromUs: minuteUs, untilUs: minuteUs + MINUTE_US };
  for await (const minute of archive.minutes(channel, span, signal)) {
    if (minute.minuteUs === minuteUs) return minute.bytes;
  }
  return undefined;
}
