import assert from "node:assert/strict";
import { test } from "node:test";
import { formatArchiveKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { encodeCoverage, parseCoverage } from "../../../src/core/coverage/coverage.ts";
import { HOUR_US, hourOf, MINUTE_US } from "../../../src/core/time.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  storeWith,
  WORLD_US,
} from "../../simulation/settle/settle_world.ts";

/** Two nodes' files of a minute of each of two hours, and their coverage of the first. */
async function world() {
  const said = (content: number, receiver: number, startS: number) =>
    filesOf([{ content, isExact: true, receiver, receivedS: startS, startS, lengthS: 0 }]);
  const store = await storeWith(
    [said(1, 0, 1), said(2, 1, 2), said(3, 0, 3_601), said(4, 1, 3_602)].flatMap((
      each,
    ) => [...each]),
  );
  const hourUs = hourOf(WORLD_US);
  for (const receiver of ["a.aaaaa.1", "b.bbbbb.1"]) {
    const bytes = encodeCoverage(hourUs, new Map([[receiver, [[0, 5]]]]));
    const digest = hasher.digest(bytes);
    await store.put(
      formatArchiveKey({ kind: "coverage", channel: CHANNEL, hourUs, digest }),
      bytes,
    );
  }
  const kinds = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const key of store.list("")) {
      const parts = parseArchiveKey(key)!;
      found.push(
        `${parts.kind} ${"minuteUs" in parts ? (parts.minuteUs - WORLD_US) / MINUTE_US : ""}`,
      );
    }
    return found.sort();
  };
  return { store, kinds };
}

test("settleArchive leaves one file a minute, and one of coverage an hour", async () => {
  const { store, kinds } = await world();
  const progress: number[] = [];
  const done = await settleArchive({
    store,
    hasher,
    reporter: noopReporter,
    onProgress: ({ minutes }) => void progress.push(minutes),
  });
  assert.deepEqual(await kinds(), ["batch 0", "batch 60", "coverage "]);
  assert.deepEqual(done, { minutes: 2, written: 3, deleted: 6, failed: 0 });
  assert.ok(progress.length > 0);
  for await (const key of store.list(`${CHANNEL}/.chatloom/coverage/`)) {
    const parsed = parseCoverage((await store.get(key))!);
    assert.deepEqual(parsed.ok && [...parsed.coverage.keys()], ["a.aaaaa.1", "b.bbbbb.1"]);
  }
  const again = await settleArchive({ store, hasher, reporter: noopReporter });
  assert.deepEqual([again.written, again.deleted], [0, 0]);
});

test("settleArchive keeps to the channels and hours that it is told", async () => {
  const settle = async (options: object): Promise<string[]> => {
    const { store, kinds } = await world();
    await settleArchive({ store, hasher, reporter: noopReporter, ...options });
    return await kinds();
  };
  const untouched = ["batch 0", "batch 0", "batch 60", "batch 60", "coverage ", "coverage "];
  assert.deepEqual(await settle({ channels: ["other"] }), untouched);
  assert.deepEqual(await settle({ channels: [CHANNEL] }), ["batch 0", "batch 60", "coverage "]);
  const nextHourUs = hourOf(WORLD_US) + HOUR_US;
  assert.deepEqual(await settle({ fromUs: nextHourUs - 1 }), ["batch 0", "batch 60", "coverage "]);
  assert.deepEqual(await settle({ fromUs: nextHourUs }), [
    "batch 0",
    "batch 0",
    "batch 60",
    "coverage ",
    "coverage ",
  ]);
});
