// Every chat client that opens a channel asks for its last 800 messages. As lines of IRC these are 300 KB, which take
// some 10 ms to parse and to write. In a plain busy channel they stand in a quarter of an hour. Where a crowd of a
// hundred join or leave each minute while five write, they are spread over 160 minutes with 4 MB of JOINs
// and PARTs; in a quiet channel over 800 files of a day. A node has to remember what it picked from the minutes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileSystemSettled } from "../../src/adapters/file_system/file_system_settled.ts";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { fileSystemVersions } from "../../src/adapters/file_system/file_system_versions.ts";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { honoRouter } from "../../src/adapters/http/hono_router.ts";
import { sqliteIndex } from "../../src/adapters/sqlite/sqlite_index.ts";
import { systemClock } from "../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../src/adapters/system/system_random.ts";
import { DAY_US, HOUR_US, MINUTE_US, minuteOf } from "../../src/core/time.ts";
import { nodeApi } from "../../src/engine/api/node_api.ts";
import { fillChannel } from "../../src/engine/index/fill_channel.ts";
import { HourStamps } from "../../src/engine/index/hour_stamps.ts";
import { IndexFinder } from "../../src/engine/index/index_finder.ts";
import { rememberedListings } from "../../src/engine/read/files/remembered_listings.ts";
import { settleArchive } from "../../src/engine/settle/settle_archive.ts";
import { noopMetrics } from "../../src/ports/metrics.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { tellRow } from "./bench_row.ts";
import { type RecentChat, writeRecentChat } from "./worlds/recent_chat.ts";

const hasher = nodeHasher();
const clock = systemClock();
const reporter = noopReporter;
const ROUNDS = 5;
const CHANNEL = "forsen";
const ASKED = 800;

/** The last hours are stored, and not settled yet. */
const UNSETTLED_US = 2 * HOUR_US;

interface World extends RecentChat {
  readonly name: string;
  readonly hours: number;
}

/** Writes an archive that ends now, settles all but its last hours and indexes it. */
async function write(folder: string, world: World): Promise<void> {
  const untilUs = minuteOf(clock.wallUs()) - MINUTE_US;
  const [fromUs, openUs] = [untilUs - world.hours * HOUR_US, untilUs - UNSETTLED_US];
  const store = fileSystemStore(folder);
  const settled = fileSystemSettled(folder);
  const options = { ...world, channel: CHANNEL, hasher };
  await writeRecentChat(folder, { ...options, fromUs, untilUs: openUs });
  await settleArchive({ store, hasher, reporter, notes: settled });
  await writeRecentChat(folder, { ...options, fromUs: openUs, untilUs });
  // Folders that changed in the last moments would be listed.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const index = sqliteIndex(folder)!;
  const stamps = new HourStamps({ store, hasher, versions: fileSystemVersions(folder) });
  await fillChannel(CHANNEL, { index, store, stamps, hasher, reporter, settled });
  await index.close();
}

/** A node that has just been started. */
function openNode(folder: string) {
  const index = sqliteIndex(folder)!;
  const store = fileSystemStore(folder);
  const versions = fileSystemVersions(folder);
  const stamps = new HourStamps({ store, hasher, versions });
  const handler = honoRouter(
    nodeApi({
      store,
      chatStore: rememberedListings(store, versions),
      hasher,
      clock,
      reporter,
      settled: fileSystemSettled(folder),
      random: systemRandom(),
      metrics: noopMetrics,
      version: "0",
      finder: new IndexFinder({ index, store, stamps, clock }),
    }).routes,
  );
  return {
    async ask(): Promise<number> {
      const url = `http://h/api/v2/recent-messages/${CHANNEL}`;
      const answer = await handler(new Request(url), { address: "127.0.0.1" });
      const { messages } = JSON.parse(await answer.text());
      return messages.length;
    },
    close: () => index.close(),
  };
}

const wanted = process.argv[2] ?? "";
for (
  const world of [
    { name: "busy chat", hours: 6, spokenPerMinute: 60, membersPerMinute: 0 },
    {
      name: "a crowd that joins and leaves",
      hours: 4,
      spokenPerMinute: 5,
      membersPerMinute: 1_000,
    },
    {
      name: "spread over a day",
      hours: DAY_US / HOUR_US,
      spokenPerMinute: 0.6,
      membersPerMinute: 0,
    },
  ].filter(({ name }) => name.includes(wanted)) as World[]
) {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-recent-bench-"));
  await write(folder, world);
  let [firstMs, nextMs, firstCount] = [Infinity, Infinity, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const node = openNode(folder);
    const startMs = performance.now();
    firstCount = await node.ask();
    firstMs = Math.min(firstMs, performance.now() - startMs);
    // A node that was just started gives what it finds within some seconds.
    for (let tries = 0; await node.ask() < ASKED; tries++) {
      if (tries === ROUNDS) throw new Error(`Cannot measure: there are not ${ASKED} messages`);
    }
    for (let again = 0; again < ROUNDS; again++) {
      const againMs = performance.now();
      await node.ask();
      nextMs = Math.min(nextMs, performance.now() - againMs);
    }
    await node.close();
  }
  tellRow({ name: `recent 800, ${world.name}`, figure: nextMs, unit: "ms", atMost: 50 });
  const detail = `of ${firstCount} messages`;
  tellRow({ name: `  by a node just started`, figure: firstMs, unit: "ms", detail });
  rmSync(folder, { recursive: true });
}
