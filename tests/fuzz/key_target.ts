import assert from "node:assert/strict";
import { formatArchiveKey, parseArchiveKey } from "../../src/core/archive/archive_key.ts";
import { firstFolderOf, firstPathOf, keyOfFirstPath } from "../../src/core/archive/first_layout.ts";
import { pick } from "../../src/testing/chance/seeded_random.ts";
import { mutateText } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

const HASH = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
const KEYS = [
  `forsen/chat/2026-08-01T12/34:00-${HASH}.json`,
  `a_b-c/chat/2024-02-29T23/59:00-${HASH}.tombstone`,
  `forsen/.chatloom/redactions/${HASH}.json`,
  `forsen/.chatloom/coverage/2026-08-01T12/${HASH}.json`,
  `forsen/chat/redactions/${HASH}.json`,
  `forsen/chat/2026-08-01T12/coverage-${HASH}.json`,
  `../../../etc/passwd`,
];

/** Names of files, which peers send: one that is taken means one file, written in one way. */
export const keyTarget: FuzzTarget = {
  name: "keys",
  check(random) {
    const text = mutateText(random, pick(random, KEYS), KEYS);
    const moved = keyOfFirstPath(text);
    if (moved !== undefined) {
      assert.equal(firstPathOf(moved), text);
      assert.ok(text.startsWith(`${firstFolderOf(moved.slice(0, moved.lastIndexOf("/")))}/`), text);
    }
    const parts = parseArchiveKey(text);
    if (parts === undefined) return;
    assert.equal(moved, undefined, "a path means one file, in one layout");
    assert.equal(formatArchiveKey(parts), text);
    assert.match(text, /^[a-z0-9_-]+\/(?:chat|\.chatloom)\/[A-Za-z0-9:_\/.-]+$/);
    assert.ok(!text.includes(".."), text);
    const first = firstPathOf(text);
    if (first !== undefined) assert.equal(keyOfFirstPath(first), text);
  },
};
