import assert from "node:assert/strict";
import { test } from "node:test";
import { batchKey, formatArchiveKey } from "../../../src/core/archive/archive_key.ts";
import {
  BODY_MAX_BYTES,
  formatReply,
  formatRequest,
  parseReply,
  parseRequest,
  routeOf,
} from "../../../src/core/remote/envelope.ts";
import { rangeOfChannel } from "../../../src/core/remote/channel_range.ts";
import { someBytes } from "../../../src/testing/suites/suite.ts";

const digest = someBytes(32);
const key = batchKey("forsen", { timeUs: Date.UTC(2026, 7, 1, 12) * 1000, digest });
const range = rangeOfChannel("forsen");
const expected = { archive: "main", archiveId: "id-1", range };
const body = someBytes(50);
const request = {
  method: "put",
  key,
  archive: "main",
  archiveId: "id-1",
  lengthBytes: 50,
} as const;

test("parseRequest reads what formatRequest writes", () => {
  const parsed = parseRequest({ headers: formatRequest(request), body }, expected);
  assert.ok(parsed.ok);
  const { parts, isGzip, ...read } = parsed.request;
  assert.deepEqual(read, request);
  assert.equal(parts.channel, "forsen");
  assert.equal(isGzip, false);
  const coverage = formatArchiveKey({ kind: "coverage", channel: "forsen", hourUs: 0, digest });
  const deletion = { method: "delete", key: coverage, archive: "main", lengthBytes: 0 } as const;
  const headers = formatRequest(deletion);
  assert.ok(parseRequest({ headers, body: new Uint8Array(0) }, expected).ok);
  assert.equal(routeOf({ channel: "forsen" }), `${range}of16`);
});

test("parseRequest takes a compressed body, whose length only decompressing tells", () => {
  const message = { headers: formatRequest(request), body: someBytes(20), contentEncoding: "gzip" };
  const parsed = parseRequest(message, expected);
  assert.ok(parsed.ok && parsed.request.isGzip);
});

test("parseRequest names what is wrong with a message", () => {
  const bad: [Record<string, string | number | undefined>, RegExp][] = [
    [{ v: 2 }, /version is 2/],
    [{ v: "1" }, /version is "1"/],
    [{ v: undefined }, /version is missing/],
    [{ method: "list" }, /method is "list"/],
    [{ method: undefined }, /method is missing/],
    [{ key: "../../etc/passwd" }, /names no file/],
    [{ key: 7 }, /names no file/],
    [{ key: `${"x".repeat(100_000)}` }, /^.{1,200}$/],
    [{ archive: "other" }, /archive "other"/],
    [{ archive: undefined }, /archive missing/],
    [{ "archive-id": "id-2" }, /another archive/],
    [{ "archive-id": 7 }, /archive id is 7/],
    [{ key: key.replace("forsen", "xqc") }, /of range 14, in the queue of range 10/],
    [{ length: 49 }, /50 bytes, not 49/],
    [{ length: -1 }, /length is -1/],
    [{ length: 1.5 }, /length is 1.5/],
    [{ length: NaN }, /length is NaN/],
    [{ length: 2 ** 40 }, /length is 1099511627776/],
    [{ length: "50" }, /length is "50"/],
    [{ method: "delete" }, /has a body/],
  ];
  for (const [change, reason] of bad) {
    const headers = formatRequest(request);
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) headers.delete(name);
      else headers.set(name, value);
    }
    const parsed = parseRequest({ headers, body }, expected);
    assert.ok(!parsed.ok, JSON.stringify(change));
    assert.match(parsed.reason, reason);
  }
  const headers = formatRequest(request);
  const br = parseRequest({ headers, body, contentEncoding: "br" }, expected);
  assert.ok(!br.ok && /encoding is "br"/.test(br.reason));
  const huge = { headers, body: new Uint8Array(BODY_MAX_BYTES + 1), contentEncoding: "gzip" };
  assert.ok(!parseRequest(huge, expected).ok);
});

test("parseReply reads what formatReply writes, and nothing else", () => {
  const reply = {
    ...{ status: "waiting", archiveId: "id-1", reason: "no room", code: "STORE_FULL" } as const,
    worker: "w1",
  };
  assert.deepEqual(parseReply(formatReply(reply)), reply);
  assert.equal(parseReply(formatReply({ status: "stored" }))!.status, "stored");
  for (
    const entries of [[], [["v", 1]], [["v", 2], ["status", "stored"]], [["v", 1], ["status", 1]]]
  ) {
    assert.equal(parseReply(new Map(entries as [string, string | number][])), undefined);
  }
  const long = parseReply(
    new Map<string, string | number>([["v", 1], ["status", "refused"], [
      "reason",
      "x".repeat(1e6),
    ]]),
  );
  assert.equal(long!.reason!.length, 500);
});
