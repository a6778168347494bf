import assert from "node:assert/strict";
import { formatArchiveKey, parseArchiveKey } from "../../src/core/archive_key.ts";
import { pick } from "../../src/testing/seeded_random.ts";
import { mutateText } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

const HASH = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
const KEYS = [
  `forsen/chat/2026-08-01T12/34:00-${HASH}.json`,
  `a_b-c/chat/2024-02-29T23/59:00-${HASH}.tombstone`,
  `forsen/chat/redactions/${HASH}.json`,
  `../../../etc/passwd`,
];

/** Names of files, which peers send: one that is taken means one file, written in one way. */
export const keyTarget: FuzzTarget = {
  name: "keys",
  check(random) {
    const text = mutateText(random, pick(random, KEYS), KEYS);
    const parts = parseArchiveKey(text);
    if (parts === undefined) return;
    assert.equal(formatArchiveKey(parts), text);
    assert.match(text, /^[a-z0-9_-]+\/chat\/[A-Za-z0-9:_\/.-]+$/);
    assert.ok(!text.includes(".."), text);
  },
};
