import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { slowListing } from "../../../src/testing/faults/slow_listing.ts";
import {
  filesOf,
  filesOfSet,
  readAll,
  settleAll,
  type SmallSighting,
  storeWith,
  text,
  truthOf,
} from "../settle/settle_world.ts";

/** Two recorders' view of one message at the start of an hour, such that the merged name sorts first. */
function splitMessage(): { files: Map<ArchiveKey, Uint8Array>; views: SmallSighting[] } {
  for (let content = 0;; content++) {
    const views = [0, 1].map((receiver) => ({
      content,
      isExact: true,
      receiver,
      receivedS: 181 + receiver,
      startS: 180,
      lengthS: 0,
    }));
    const files = new Map(views.flatMap((view) => [...filesOf([view])]));
    const [merged] = filesOfSet(truthOf(views)).keys();
    if ([...files.keys()].every((key) => merged! < key)) return { files, views };
  }
}

test("readMinutes misses nothing when files are merged while their folder is listed", async () => {
  const { files, views } = splitMessage();
  const expected = [...truthOf(views).encodeMinutes().values()].map(text);
  // The archive is settled while the reader is at its n-th name, for every n.
  for (let settleAt = 1, isThrough = false; !isThrough; settleAt++) {
    const store = await storeWith(files);
    let names = 0;
    const slow: BatchStore = slowListing(store, async () => {
      if (++names === settleAt) await settleAll(store);
    });
    assert.deepEqual([...(await readAll(slow)).values()], expected, `settled at name ${settleAt}`);
    isThrough = names < settleAt;
    assert.ok(settleAt < 200, "the reader lists without end");
  }
});
