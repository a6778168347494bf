import assert from "node:assert/strict";
import { test } from "node:test";
import { formatArchiveKey, parseHour } from "../../../src/core/archive/archive_key.ts";
import {
  firstFolderOf,
  firstPathOf,
  keyOfFirstPath,
} from "../../../src/core/archive/first_layout.ts";
import { toDigestText } from "../../../src/core/archive/digest_text.ts";

const DIGEST = Uint8Array.from({ length: 32 }, (_, i) => i * 41 & 255);
const NAME = toDigestText(DIGEST);
const HOUR = "2019-09-15T00";
const hourUs = parseHour(HOUR)!;
const REDACTION = formatArchiveKey({ kind: "redaction", channel: "x", digest: DIGEST });
const COVERAGE = formatArchiveKey({ kind: "coverage", channel: "x", hourUs, digest: DIGEST });

test("firstPathOf and keyOfFirstPath undo each other, and know nothing of batches", () => {
  assert.equal(firstPathOf(REDACTION), `x/chat/redactions/${NAME}.json`);
  assert.equal(firstPathOf(COVERAGE), `x/chat/${HOUR}/coverage-${NAME}.json`);
  for (const key of [REDACTION, COVERAGE]) {
    assert.equal(keyOfFirstPath(firstPathOf(key)!), key);
    assert.equal(keyOfFirstPath(key), undefined, "there it belongs");
  }
  for (const kind of ["batch", "tombstone"] as const) {
    const key = formatArchiveKey({ kind, channel: "x", minuteUs: hourUs, digest: DIGEST });
    assert.equal(firstPathOf(key), undefined);
    assert.equal(keyOfFirstPath(key), undefined);
  }
});

test("keyOfFirstPath takes nothing that the first version did not write", () => {
  for (
    const path of [
      "",
      "x/chat/redactions",
      `x/chat/redactions/${NAME}.tombstone`,
      `x/chat/redactions/${NAME}.json/y`,
      `x/chat/redactions/coverage-${NAME}.json`,
      `x/chat/redactions/${NAME.slice(1)}.json`,
      `x/chat/${HOUR}/${NAME}.json`,
      `x/chat/${HOUR}/coverage-${NAME}.tombstone`,
      `x/chat/2019-02-30T00/coverage-${NAME}.json`,
      `X/chat/redactions/${NAME}.json`,
      `../chat/redactions/${NAME}.json`,
      `x/source/redactions/${NAME}.json`,
    ]
  ) assert.equal(keyOfFirstPath(path), undefined, path);
});

test("firstFolderOf names the folder that held what a channel's own room holds", () => {
  assert.equal(firstFolderOf("x/.chatloom/redactions"), "x/chat/redactions");
  assert.equal(firstFolderOf(`x/.chatloom/coverage/${HOUR}`), `x/chat/${HOUR}`);
  for (
    const folder of ["", "x", "x/chat", `x/chat/${HOUR}`, "x/.chatloom", "x/.chatloom/coverage"]
  ) {
    assert.equal(firstFolderOf(folder), undefined, folder);
  }
});
