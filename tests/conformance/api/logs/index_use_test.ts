import assert from "node:assert/strict";
import { test } from "node:test";
import { wasmHasher } from "../../../../src/adapters/hashers/wasm_hasher.ts";
import { memoryIndex } from "../../../../src/adapters/memory/memory_index.ts";
import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../../../src/adapters/system/system_clock.ts";
import { fillChannel } from "../../../../src/engine/index/fill_channel.ts";
import { HourStamps } from "../../../../src/engine/index/hour_stamps.ts";
import { IndexFinder } from "../../../../src/engine/index/index_finder.ts";
import { noopReporter } from "../../../../src/ports/reporter.ts";
import { logWorld, record, say } from "./log_world.ts";

const USER = "/channel/forsen/user/ada/2026/7";
const PATHS = [
  USER,
  "/channel/forsen/user/ada/search?q=hello",
  "/channel/forsen/user/ada/random",
  "/channel/forsen/user/ada/stats",
  "/channel/forsen/search?q=moon",
  "/list?channel=forsen",
  "/list?channel=forsen&user=ada",
];

async function indexedWorld() {
  const hasher = await wasmHasher();
  const store = memoryStore();
  const index = memoryIndex();
  const clock = systemClock();
  const stamps = new HourStamps({ store, hasher });
  const world = await logWorld({}, {
    store,
    finder: new IndexFinder({ index, store, stamps, clock }),
  });
  const fill = async () => {
    for (const channel of ["forsen", "nani"]) {
      await fillChannel(channel, { index, store, stamps, hasher, reporter: noopReporter });
    }
  };
  return { world, fill };
}

test("answers that an index speeds up say how much of it was there", async () => {
  const { world, fill } = await indexedWorld();
  const marks = async () => {
    const found: (string | null)[] = [];
    for (const path of PATHS) {
      const response = await world.ask(path);
      await response.text();
      assert.equal(response.status, 200, path);
      found.push(response.headers.get("x-chatloom-index"));
    }
    return found;
  };
  const all = (mark: string) => PATHS.map(() => mark);
  assert.deepEqual(await marks(), all("none"));
  assert.equal((await world.json(`${USER}?json`) as { index: string }).index, "none");
  await fill();
  assert.deepEqual(await marks(), all("full"));
  assert.equal((await world.json(`${USER}?json`) as { index: string }).index, "full");
  await record(world, [say("2026-07-30T10:20:00Z", "hello again from the moon")]);
  assert.deepEqual(await marks(), all("partial"));
  assert.equal((await world.json(`${USER}?json`) as { index: string }).index, "partial");
});

test("answers that are read in any case say nothing of an index, and patterns that none is used", async () => {
  const { world, fill } = await indexedWorld();
  await fill();
  for (
    const [path, mark] of [
      ["/channel/forsen/2026/7/30", null],
      ["/channel/forsen/2026/7/30?json", null],
      ["/channel/forsen/random", null],
      ["/channel/forsen/search?regex=mo+n", "none"],
    ] as const
  ) {
    const response = await world.ask(path);
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get("x-chatloom-index"), mark, path);
    assert.equal((await response.text()).includes('"index"'), false, path);
  }
});

test("a page of another origin may read how an answer was found", async () => {
  const { world } = await indexedWorld();
  const response = await world.ask(USER, { headers: { origin: "https://logs.example" } });
  assert.match(response.headers.get("access-control-expose-headers") ?? "", /x-chatloom-index/);
});
