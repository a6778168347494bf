import assert from "node:assert/strict";
import { test } from "node:test";
import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";
import { mergeBatches } from "../../../src/core/merge/merge_batches.ts";
import { type Micros, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { NOTE_KINDS } from "../../../src/engine/verify/finding.ts";
import { verifyArchive } from "../../../src/engine/verify/verify_archive.ts";
import {
  CHANNEL,
  contentsOf,
  hasher,
  readAll,
  settleAll,
  storeWith,
  text,
  WORLD_US,
} from "./settle_world.ts";

const START_S = WORLD_US / SECOND_US;

/** A batch as the reference writes it: doubles that are no whole microseconds. */
function foreignFile(timeUs: Micros, range: string, receiver: string): [ArchiveKey, Uint8Array] {
  const bytes = new TextEncoder().encode(
    `{"command":"JOIN","host":"h","params":["#${CHANNEL}"],"receivers":{"${receiver}":${START_S}.5},` +
      `"sender":"s","tags":null,${range},"user":"u"}\n`,
  );
  return [batchKey(CHANNEL, { timeUs, digest: hasher.digest(bytes) }), bytes];
}

test("a foreign range that begins within the last microsecond of its minute is read, settled and kept", async () => {
  const ranges = [
    `"time":${START_S + 59}.9999998,"time_range":3.25`,
    `"time":${START_S + 59}.9999998,"time_range":1e-07`,
  ];
  for (const range of ranges) {
    const alone = foreignFile(WORLD_US, range, "a");
    const after = foreignFile(
      WORLD_US + MINUTE_US,
      `"time":${START_S + 60}.0,"time_range":2.0`,
      "b",
    );
    for (const files of [[alone], [alone, after]]) {
      const store = await storeWith(files);
      for await (const finding of verifyArchive({ store, hasher })) {
        assert.ok(NOTE_KINDS.has(finding.kind), `${finding.kind}: ${finding.reason}`);
      }
      const merged = text(mergeBatches(files.map(([, bytes]) => bytes)));
      assert.deepEqual([...(await readAll(store)).values()], [merged]);
      await settleAll(store);
      const settled = await contentsOf(store);
      assert.deepEqual([...settled.values()], [merged]);
      assert.match([...settled.keys()][0]!, /58:00-/);
      for await (const finding of verifyArchive({ store, hasher })) assert.fail(finding.reason);
    }
  }
});
