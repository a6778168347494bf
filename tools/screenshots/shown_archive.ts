import { createHash } from "node:crypto";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { formatArchiveKey } from "../../src/core/archive/archive_key.ts";
import { encodeCoverage, type ListenedSpan } from "../../src/core/coverage/coverage.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import { seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { generatedArchive, type GeneratedOptions } from "../../tests/browser/page/page_archives.ts";

/** When the pictures are taken, by the clocks of page and node. */
export const SHOWN_MS: number = Date.UTC(2026, 7, 1, 20, 5);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CHANNELS = ["forsen", "nymn", "xqc"];

/** What a recorder heard of the evening that most pictures show. */
export async function eveningOf(name: string): Promise<BatchStore> {
  const chat: GeneratedOptions = {
    channel: "forsen",
    seed: "screenshots",
    startMs: Date.UTC(2026, 7, 1, 18, 2),
    messages: 3_000,
    ratePerSecond: 0.45,
  };
  const isMissed: Record<string, (line: number) => boolean> = {
    amsterdam: (line) => line % 53 === 0 || (line > 1_100 && line < 1_600),
    seattle: (line) => line % 41 === 0 || (line > 1_300 && line < 1_850),
  };
  return await generatedArchive({ ...chat, name, isMissed: isMissed[name]! });
}

/** An archive of seven months: streams in the evening, recorders that fail now and then, and one full evening. */
export async function shownArchive(): Promise<BatchStore> {
  const store = memoryStore();
  const random = seededRandom("screenshots");
  for (const [place, channel] of CHANNELS.entries()) {
    for (let dayMs = Date.UTC(2026, 0, 6); dayMs < Date.UTC(2026, 7, 1); dayMs += DAY_MS) {
      const isRest = new Date(dayMs).getUTCDay() === place + 1;
      if (channel !== "forsen" && dayMs < Date.UTC(2026, 6, 25)) continue;
      await putEvening(store, channel, {
        startMs: dayMs + (16 + place) * HOUR_MS,
        messages: (isRest ? 20 : 100) + Math.floor(random.next() ** 2 * 400),
        missedS: random.next() < 0.06 ? Math.floor(300 + random.next() * 3_000) : 0,
      });
    }
    for (let hour = 0; hour < 18; hour++) {
      const hourMs = Date.UTC(2026, 7, 1, hour);
      await putCoverage(store, channel, { hourMs, listened: [[0, 3_600]] });
    }
    await putCoverage(store, channel, {
      hourMs: Date.UTC(2026, 7, 1, 18),
      listened: [[0, 3_060]],
    });
    await putCoverage(store, channel, {
      hourMs: Date.UTC(2026, 7, 1, 19),
      listened: [[120, 3_600]],
    });
  }
  for (const name of ["amsterdam", "seattle"]) await copy(await eveningOf(name), store);
  return store;
}

/** The archive of a peer that missed some hours of `here`, and heard some evenings better. */
export async function peerArchive(here: BatchStore): Promise<BatchStore> {
  const store = memoryStore();
  for await (const key of here.list("")) {
    const hour = key.slice(0, "forsen/chat/2026-08-01T18".length);
    const isEvening = hour.endsWith("2026-08-01T18") || hour.endsWith("2026-08-01T19");
    if (isEvening || seededRandom(`peer ${hour}`).next() < 0.04) continue;
    await store.put(key, (await here.get(key))!);
  }
  await copy(await eveningOf("seattle"), store);
  for (const [day, messages] of [[31, 120], [28, 14], [24, 310], [19, 45]] as const) {
    const more = await generatedArchive({
      channel: "forsen",
      roomId: "1",
      seed: `seattle ${day}`,
      startMs: Date.UTC(2026, 6, day, 16, 20),
      messages,
      ratePerSecond: 0.1,
      name: "seattle",
    });
    await copy(more, store);
  }
  return store;
}

async function putEvening(
  store: BatchStore,
  channel: string,
  { startMs, messages, missedS }: {
    readonly startMs: number;
    readonly messages: number;
    readonly missedS: number;
  },
): Promise<void> {
  const evening = await generatedArchive({
    channel,
    roomId: `${1 + CHANNELS.indexOf(channel)}`,
    seed: `${channel} ${startMs}`,
    startMs: startMs + 60_000,
    messages,
    ratePerSecond: messages / 7_000,
    name: "amsterdam",
  });
  await copy(evening, store);
  // Recorders say of every hour when they listened, also while nothing is streamed.
  const dayMs = Math.floor(startMs / DAY_MS) * DAY_MS;
  for (let hourMs = dayMs; hourMs < dayMs + DAY_MS; hourMs += HOUR_MS) {
    const isCut = missedS > 0 && hourMs === startMs + HOUR_MS;
    await putCoverage(store, channel, {
      hourMs,
      listened: isCut ? [[missedS, 3_600]] : [[0, 3_600]],
    });
  }
}

async function copy(from: BatchStore, to: BatchStore): Promise<void> {
  for await (const key of from.list("")) await to.put(key, (await from.get(key))!);
}

async function putCoverage(
  store: BatchStore,
  channel: string,
  { hourMs, listened }: { readonly hourMs: number; readonly listened: readonly ListenedSpan[] },
): Promise<void> {
  const hourUs = hourMs * 1_000;
  const bytes = encodeCoverage(hourUs, new Map([["amsterdam.AAAAA.0", [...listened]]]));
  const digest = createHash("sha256").update(bytes).digest();
  await store.put(formatArchiveKey({ kind: "coverage", channel, hourUs, digest }), bytes);
}
