import assert from "node:assert/strict";
import { test } from "node:test";
import { countCovered } from "../../src/engine/metrics/count_covered.ts";
import type { PoolState } from "../../src/engine/session/pool_state.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { virtualClock } from "../../src/testing/time/virtual_clock.ts";

test("countCovered counts each second of each channel once, by who listened", async () => {
  const clock = virtualClock();
  const stop = new AbortController();
  const counts = new Map<string, number>();
  let joinedBy: string[] = [];
  const channel = { isImportant: false, memberships: [], reason: undefined, ageMs: 0 };
  const state = (): PoolState => ({
    connections: [],
    waitingCount: 0,
    channels: [
      { ...channel, name: "forsen", joinedBy },
      { ...channel, name: "nymn", joinedBy: ["a", "b", "c", "d", "e"] },
    ],
  });
  const reporter = {
    ...noopReporter,
    count: (_name: string, labels: { readonly [label: string]: string } = {}, amount = 1) => {
      const key = Object.values(labels).join(" ");
      counts.set(key, (counts.get(key) ?? 0) + amount);
    },
  };
  const counting = countCovered({ state }, { clock, reporter, signal: stop.signal });
  await clock.advance(20_000);
  joinedBy = ["a"];
  await clock.advance(10_500);
  joinedBy = ["a", "b"];
  await clock.advance(3_700);
  stop.abort();
  await clock.run(counting);
  assert.deepEqual(Object.fromEntries(counts), {
    "forsen 0": 20,
    "forsen 1": 10,
    "forsen 2": 4,
    "nymn 4 or more": 34,
  });
});
