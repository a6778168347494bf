// What the first page of a log site asks: which channels are there, which days does one have, what is it like now.
// The messages do not matter, their hours do: a year of one channel is 8,760 folders, and a node of 1,000 or
// 10,000 channels has some thousands too. A look at a folder takes some 5 us, so a look at all is 50 ms, and reading
// a line of the index for each as much again: a node that was just started has to do with less, and one that runs
// with what it remembers.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileSystemSettled } from "../../src/adapters/file_system/file_system_settled.ts";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { fileSystemVersions } from "../../src/adapters/file_system/file_system_versions.ts";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { sqliteIndex } from "../../src/adapters/sqlite/sqlite_index.ts";
import { systemClock } from "../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../src/adapters/system/system_random.ts";
import { batchKey } from "../../src/core/archive/archive_key.ts";
import { HOUR_US, SECOND_US } from "../../src/core/time.ts";
import { nodeApi } from "../../src/engine/api/node_api.ts";
import type { HourToIndex } from "../../src/ports/index/chat_index.ts";
import { HourStamps } from "../../src/engine/index/hour_stamps.ts";
import { rememberedListings } from "../../src/engine/read/files/remembered_listings.ts";
import { IndexFinder } from "../../src/engine/index/index_finder.ts";
import { honoRouter } from "../../src/adapters/http/hono_router.ts";
import { noopMetrics } from "../../src/ports/metrics.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { tellRow } from "./bench_row.ts";

const hasher = nodeHasher();
const clock = systemClock();
const reporter = noopReporter;
const ROUNDS = 5;
const ENCODER = new TextEncoder();
const END_US = Math.floor(Date.now() * 1_000 / HOUR_US - 100) * HOUR_US;

interface World {
  readonly name: string;
  readonly channels: number;
  readonly hours: number;
}

/** Writes an archive with a message an hour, and indexes it. */
async function write(folder: string, { channels, hours }: World): Promise<void> {
  const store = fileSystemStore(folder);
  for (let no = 0; no < channels; no++) {
    const channel = `channel${no}`;
    for (let hour = 0; hour < hours; hour++) {
      const timeUs = END_US - hour * HOUR_US;
      const line = {
        command: "PRIVMSG",
        host: "ann.tmi.twitch.tv",
        params: [`#${channel}`, `hour ${hour}`],
        receivers: { "n.abcde.0": timeUs / SECOND_US },
        sender: "ann",
        tags: { id: `${no}-${hour}`, "room-id": `${1_000 + no}`, "user-id": "7" },
        time: timeUs / SECOND_US,
        time_range: 0,
        user: "ann",
      };
      const text = JSON.stringify(line)
        .replaceAll(`${timeUs / SECOND_US}`, `${timeUs / SECOND_US}.0`)
        .replace(`"time_range":0`, `"time_range":0.0`);
      const bytes = ENCODER.encode(`${text}\n`);
      const path = join(folder, batchKey(channel, { timeUs, digest: await hasher.digest(bytes) }));
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, bytes);
    }
  }
  // Folders that changed in the last moments would be listed.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const index = sqliteIndex(folder)!;
  const stamps = new HourStamps({ store, hasher, versions: fileSystemVersions(folder) });
  for (let no = 0; no < channels; no++) {
    const rows: HourToIndex[] = [];
    // Also the hours beside those with files, as filling does it: a range may hang over.
    for (let hour = hours; hour >= -1; hour--) {
      const hourUs = END_US - hour * HOUR_US;
      const isThere = hour >= 0 && hour < hours;
      rows.push({
        hourUs,
        stamp: await stamps.stamp(`channel${no}`, hourUs, { orders: "" }),
        facts: {
          counts: new Map(isThere ? [["PRIVMSG", 1]] : []),
          rooms: isThere ? [{ roomId: `${1_000 + no}`, firstUs: hourUs, lastUs: hourUs }] : [],
          people: [],
          words: [],
        },
      });
    }
    await index.putHours(`channel${no}`, rows);
  }
  await index.close();
}

/** A node that has just been started. */
function openNode(folder: string) {
  const index = sqliteIndex(folder)!;
  const store = fileSystemStore(folder);
  const versions = fileSystemVersions(folder);
  const stamps = new HourStamps({ store, hasher, versions });
  const settled = fileSystemSettled(folder);
  const { routes } = nodeApi({
    store,
    chatStore: rememberedListings(store, versions),
    hasher,
    clock,
    reporter,
    settled,
    random: systemRandom(),
    metrics: noopMetrics,
    version: "0",
    finder: new IndexFinder({ index, store, stamps, clock }),
  });
  const handler = honoRouter(routes);
  return {
    async ask(path: string) {
      const answer = await handler(new Request(`http://h${path}`), { address: "127.0.0.1" });
      const text = await answer.text();
      if (answer.status !== 200 || text.length < 20) {
        throw new Error(`${path}: ${answer.status} ${text}`);
      }
      return text.length;
    },
    close: () => index.close(),
  };
}

for (
  const world of [
    { name: "a year of 1 channel", channels: 1, hours: 8_760 },
    { name: "1,000 channels", channels: 1_000, hours: 12 },
    { name: "10,000 channels", channels: 10_000, hours: 2 },
  ]
) {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-lists-bench-"));
  await write(folder, world);
  const some = Array.from({ length: Math.min(50, world.channels) }, (_, i) => `channel${i}`);
  for (
    const [name, path] of [
      ["/channels", "/channels"],
      ["/list", "/list?channel=channel0"],
      ["overview of 50", `/overview.json?channel=${some.join()}`],
    ] as const
  ) {
    let [firstMs, nextMs] = [Infinity, Infinity];
    for (let round = 0; round < ROUNDS; round++) {
      const node = openNode(folder);
      const startMs = performance.now();
      await node.ask(path);
      firstMs = Math.min(firstMs, performance.now() - startMs);
      for (let again = 0; again < ROUNDS; again++) {
        const againMs = performance.now();
        await node.ask(path);
        nextMs = Math.min(nextMs, performance.now() - againMs);
      }
      await node.close();
    }
    tellRow({ name: `${name}, ${world.name}`, figure: nextMs, unit: "ms", atMost: 50 });
    tellRow({ name: `  by a node just started`, figure: firstMs, unit: "ms" });
  }
  rmSync(folder, { recursive: true });
}
