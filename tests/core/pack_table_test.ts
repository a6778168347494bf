import assert from "node:assert/strict";
import { test } from "node:test";
import { toDigestText } from "../../src/core/archive/digest_text.ts";
import {
  decodePackTable,
  encodePackTable,
  PACK_FOOTER_BYTES,
  packTableBytes,
  seekTableBytes,
} from "../../src/core/packs/pack_table.ts";
import { TAR_END_BYTES, tarHeader, tarMemberBytes } from "../../src/core/packs/tar_header.ts";
import { someBytes } from "../../src/testing/suites/suite.ts";

const members = [1, 2, 3].map((n) => ({
  name: `0${n}:00-${toDigestText(someBytes(32, n))}.${n === 2 ? "tombstone" : "json"}`,
  sizeBytes: n * 700,
}));
const [first, second, third] = members.map(({ sizeBytes }) => tarMemberBytes(sizeBytes));
const frames = [
  { storedBytes: 40, plainBytes: first! + second! },
  { storedBytes: 30, plainBytes: third! + TAR_END_BYTES },
];
const table = encodePackTable({ members, frames });

test("decodePackTable reads what encodePackTable wrote", () => {
  const { digest, ...read } = decodePackTable(table, table.length + 70)!;
  assert.deepEqual(read, { members, frames });
  assert.match(digest, /^[0-9a-f]{64}$/);
  const seekBytes = seekTableBytes(table.slice(-PACK_FOOTER_BYTES))!;
  assert.equal(packTableBytes(table.slice(-seekBytes)), table.length);
});

test("decodePackTable takes no table with a damaged byte", () => {
  for (let at = 0; at < table.length; at++) {
    const damaged = table.slice();
    damaged[at]! ^= 0x10;
    const read = decodePackTable(damaged, table.length + 70);
    // The headers of skippable frames are for decoders: they change nothing here.
    if (read !== undefined) {
      assert.deepEqual({ ...read, digest: "" }, { members, frames, digest: "" });
    }
  }
});

test("decodePackTable takes no table that contradicts itself or its file", () => {
  const decode = (changed: Parameters<typeof encodePackTable>[0], others = 70) => {
    const bytes = encodePackTable(changed);
    return decodePackTable(bytes, bytes.length + others);
  };
  assert.notEqual(decode({ members, frames }), undefined);
  assert.equal(decode({ members, frames }, 71), undefined, "bytes between frames and table");
  assert.equal(decode({ members: members.slice(1), frames }), undefined, "a file without a name");
  assert.equal(decode({ members: [...members].reverse(), frames }), undefined, "disorder");
  assert.equal(decode({ members: [members[0]!, ...members], frames }), undefined, "a double");
  assert.equal(decode({ members: [], frames: [] }, 0), undefined, "nothing");
  const longer = members.map((member) => ({ ...member, sizeBytes: 4_000_000_000 }));
  assert.equal(decode({ members: longer, frames }), undefined, "more than the frames hold");
});

test("encodePackTable takes no name from outside of an hour", () => {
  for (const name of ["../x.json", "60:00-x.json", `00_00-${toDigestText(someBytes(32))}.json`]) {
    assert.throws(() => encodePackTable({ members: [{ name, sizeBytes: 1 }], frames }), RangeError);
  }
});

test("tarHeader sums itself up", () => {
  const header = tarHeader("a", { sizeBytes: 8, modifiedUs: 1_785_585_600_000_000 });
  const text = new TextDecoder("latin1").decode(header);
  assert.equal(text.slice(124, 135), "00000000010");
  const blank = header.slice();
  blank.fill(0x20, 148, 156);
  assert.equal(parseInt(text.slice(148, 154), 8), blank.reduce((sum, byte) => sum + byte, 0));
  assert.throws(() => tarHeader("a".repeat(101), { sizeBytes: 1, modifiedUs: 0 }), RangeError);
});
