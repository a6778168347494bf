import assert from "node:assert/strict";
import { test } from "node:test";
import {
  batchKey,
  formatArchiveKey,
  formatHour,
  hourPrefix,
  minutePrefix,
  parseArchiveKey,
  parseHour,
} from "../../../src/core/archive/archive_key.ts";
import {
  fromDigestText,
  isDigestText,
  toDigestText,
} from "../../../src/core/archive/digest_text.ts";
import { HOUR_US, MINUTE_US, SECOND_US, TIME_END_US } from "../../../src/core/time.ts";

const DIGEST = Uint8Array.from({ length: 32 }, (_, i) => i * 37 & 255);
const NAME = toDigestText(DIGEST);
const TIME_US = Date.UTC(2019, 8, 15, 0, 3, 59) * 1000;

test("batchKey names the minute that holds a time", () => {
  const key = batchKey("xqcow", { timeUs: TIME_US, digest: DIGEST });
  assert.equal(key, `xqcow/chat/2019-09-15T00/03:00-${NAME}.json`);
  assert.ok(key.startsWith(minutePrefix("xqcow", TIME_US)));
  assert.ok(key.startsWith(hourPrefix("xqcow", TIME_US)));
  for (const channel of ["", "..", "A", "a/b", "a".repeat(65), ".x"]) {
    assert.throws(() => batchKey(channel, { timeUs: 0, digest: DIGEST }), RangeError);
  }
  for (const timeUs of [-1, 0.5, NaN, TIME_END_US]) {
    assert.throws(() => batchKey("x", { timeUs, digest: DIGEST }), RangeError);
  }
  assert.throws(() => batchKey("x", { timeUs: 0, digest: DIGEST.slice(1) }), RangeError);
});

test("parseArchiveKey reads what formatArchiveKey writes", () => {
  const minuteUs = TIME_US - 59 * SECOND_US;
  const all = [
    { kind: "batch", channel: "a_b-c", minuteUs, digest: DIGEST },
    { kind: "tombstone", channel: "x", minuteUs: 0, digest: DIGEST },
    { kind: "redaction", channel: "x", digest: DIGEST },
    { kind: "coverage", channel: "x", hourUs: parseHour("2019-09-15T00")!, digest: DIGEST },
  ] as const;
  for (const parts of all) {
    const parsed = parseArchiveKey(formatArchiveKey(parts));
    assert.deepEqual({ ...parsed }, { ...parts });
  }
});

test("parseArchiveKey takes nothing that is not written just so", () => {
  const good = `x/chat/2019-09-15T00/03:00-${NAME}.json`;
  assert.ok(parseArchiveKey(good));
  for (
    const bad of [
      good.replace("03:00", "60:00"),
      good.replace("03:00", "03:30"),
      good.replace("T00", "T24"),
      good.replace("09-15", "02-30"),
      good.replace("x/", "X/"),
      good.replace("x/", "../"),
      good.replace("x/", "/"),
      good.replace(".json", ".JSON"),
      good.replace(NAME, NAME.slice(1)),
      // The last letter holds two bits that must be zero: two names for one digest.
      good.replace(NAME, NAME.slice(0, -1) + "B"),
      `${good}\n`,
      ` ${good}`,
      good.replace("chat", "chat/chat"),
      // Where the first version put redactions and coverage.
      `x/chat/redactions/${NAME}.json`,
      `x/chat/2019-09-15T00/coverage-${NAME}.json`,
      `x/.chatloom/${NAME}.json`,
      `.chatloom/redactions/${NAME}.json`,
      `x/.chatloom/redactions/${NAME}.tombstone`,
      `x/.chatloom/redactions/2019-09-15T00/${NAME}.json`,
      `x/.chatloom/coverage/${NAME}.json`,
      `x/.chatloom/coverage/2019-02-30T00/${NAME}.json`,
      `x/.chatloom/coverage/2019-09-15T00/00:00-${NAME}.json`,
    ]
  ) assert.equal(parseArchiveKey(bad), undefined, bad);
});

test("formatHour and parseHour undo each other through every kind of year", () => {
  for (const year of [1970, 1999, 2000, 2024, 2026, 2100]) {
    for (let hour = 0; hour < 366 * 24; hour += 7) {
      const timeUs = Date.UTC(year, 0, 1, hour) * 1000;
      assert.equal(parseHour(formatHour(timeUs + MINUTE_US)), timeUs);
      assert.equal(timeUs % HOUR_US, 0);
    }
  }
});

test("toDigestText writes base64url without padding, and back", () => {
  for (let seed = 0; seed < 256; seed++) {
    const digest = Uint8Array.from({ length: 32 }, (_, i) => i * seed + seed & 255);
    const text = toDigestText(digest);
    const standard = btoa(String.fromCharCode(...digest));
    assert.equal(text, standard.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, ""));
    assert.ok(isDigestText(text));
    assert.deepEqual(fromDigestText(text), digest);
  }
});
