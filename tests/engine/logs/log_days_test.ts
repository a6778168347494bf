import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { SharedChatReader } from "../../../src/engine/api/chat/shared_chat_reader.ts";
import { ChatLog } from "../../../src/engine/logs/chat_log.ts";
import { LogDays } from "../../../src/engine/logs/log_days.ts";
import type { MinuteFinder } from "../../../src/engine/logs/minute_finder.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { apiWorld } from "../../conformance/api/api_world.ts";
import { record, say } from "../../conformance/api/logs/log_world.ts";
import { hasher, IndexWorld } from "../../simulation/index/index_world.ts";

const DAY = (text: string) => Date.parse(text) * 1_000;

test("LogDays.days lists days with messages of logs, none with joins and notices alone, with and without an index", async () => {
  const world = new IndexWorld({ random: seededRandom("days") });
  const files = apiWorld({ store: world.store });
  const tagged = (at: string, rest: string) => `@room-id=11;tmi-sent-ts=${Date.parse(at)} ${rest}`;
  await record(files, [
    say("2026-07-01T10:00:00Z", "first"),
    tagged("2026-07-02T10:00:00Z", ":ada!ada@ada JOIN #forsen"),
    tagged("2026-07-03T10:00:00Z", ":tmi.twitch.tv NOTICE #forsen :Slow mode is on"),
    tagged("2026-07-04T10:00:00Z", ":tmi.twitch.tv CLEARCHAT #forsen"),
    say("2026-07-05T23:59:59Z", "last"),
  ]);
  await world.fill();
  assert.deepEqual(await world.index.channels(), ["forsen"]);
  const { store, random } = world;
  const daysBy = async (finder: MinuteFinder | undefined) => {
    const options = { store, hasher, random, clock: systemClock(), reporter: noopReporter };
    const reader = new SharedChatReader({ ...options, cacheMaxBytes: 1_000_000, bootName: "" });
    const log = new ChatLog({ ...options, reader, finder, settled: world.settled });
    return await new LogDays(log).days((await log.rooms.byLogin("forsen"))!, {});
  };
  const expected = ["2026-07-05", "2026-07-04", "2026-07-01"].map(DAY);
  assert.deepEqual(await daysBy(undefined), expected);
  assert.deepEqual(await daysBy(world.finder), expected);
});
