import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import { formatArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import type { ApiWorld } from "./api_world.ts";
import { apiWorld, NOON_S, said } from "./api_world.ts";

const HOUR = "2026-08-01T12";
const hasher = await wasmHasher();

async function redact(world: ApiWorld, id: string): Promise<string> {
  const target = { kind: "message", id } as const;
  const bytes = encodeRedaction({ target, madeUs: 1, reason: "asked" });
  const digest = hasher.digest(bytes);
  const key = formatArchiveKey({ kind: "redaction", channel: "forsen", digest });
  await world.store.put(key, bytes);
  return key;
}

test("listing routes give what the reference gives, for what is there and what is not", async () => {
  const world = apiWorld();
  assert.deepEqual(await world.json("/files"), []);
  const key = await world.put("forsen", [said(1, "hi")]);
  await world.put("ab-c", [said(3601, "later", { channel: "ab-c" })]);
  const name = key.split("/").at(-1);
  assert.deepEqual(await world.json("/files"), ["ab-c", "forsen"]);
  assert.deepEqual(await world.json("/files/forsen"), ["chat"]);
  assert.deepEqual(await world.json("/files/forsen/chat"), [HOUR]);
  assert.deepEqual(await world.json(`/files/forsen/chat/${HOUR}`), [name]);
  for (
    const path of [
      "/files/nobody",
      "/files/nobody/chat",
      "/files/forsen/source",
      `/files/forsen/source/${HOUR}`,
      "/files/forsen/chat/2026-08-01T13",
      "/files/forsen/chat/2026-02-30T00",
      "/files/forsen/chat/nonsense",
      "/files/FORSEN",
      "/files/__proto__",
      "/files/a%2Fb/chat",
      "/files/forsen/chat/x%2F..%2Fy",
    ]
  ) assert.deepEqual(await world.json(path), [], path);
});

test("listing routes refuse hidden names as the reference does", async () => {
  const world = apiWorld();
  for (const path of ["/files/.git", "/files/forsen/.x", "/files/forsen/chat/.x"]) {
    const response = await world.ask(path);
    assert.equal(response.status, 403, path);
    assert.match(await response.text(), /^Bad \w+: May not start with a period$/);
  }
});

test("listing an hour hides what a tombstone hides, and shows tombstones when asked", async () => {
  const world = apiWorld();
  const hidden = await world.put("forsen", [said(1, "hidden")]);
  const shown = await world.put("forsen", [said(2, "shown")]);
  const tombstone = hidden.replace(".json", ".tombstone");
  await world.store.put(tombstone, new Uint8Array());
  const name = (key: string) => key.split("/").at(-1)!;
  const path = `/files/forsen/chat/${HOUR}`;
  assert.deepEqual(await world.json(path), [name(shown)]);
  assert.deepEqual(await world.json(`${path}?tombstones=False`), [name(shown)]);
  assert.deepEqual(
    await world.json(`${path}?tombstones=true`),
    [name(shown), name(tombstone)].sort(),
  );
  const response = await world.ask(`${path}?tombstones=yes`);
  assert.equal(response.status, 400);
  assert.equal(await response.text(), "tombstones must be one of: true, false");
  assert.equal((await world.ask(`/segments/${hidden}`)).status, 404);
  assert.equal((await world.ask(`/segments/${tombstone}`)).status, 200);
});

test("lists answer If-None-Match until they change", async () => {
  const world = apiWorld();
  await world.put("forsen", [said(1, "hi")]);
  const path = `/files/forsen/chat/${HOUR}`;
  const tag = (await world.ask(path)).headers.get("etag")!;
  const again = await world.ask(path, { headers: { "if-none-match": `"x", ${tag}` } });
  assert.equal(again.status, 304);
  assert.equal(await again.text(), "");
  await world.put("forsen", [said(2, "more")]);
  assert.equal((await world.ask(path, { headers: { "if-none-match": tag } })).status, 200);
});

test("/segments gives the bytes of a batch, once and for ever, also with its colon escaped", async () => {
  const world = apiWorld();
  const key = await world.put("forsen", [said(1, "hi")]);
  const bytes = (await world.store.get(key))!;
  for (const path of [`/segments/${key}`, `/segments/${key.replace(":", "%3A")}`]) {
    const response = await world.ask(path);
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
    assert.equal(response.headers.get("content-length"), `${bytes.length}`);
    assert.match(response.headers.get("cache-control")!, /immutable/);
    const hash = createHash("sha256").update(bytes).digest("base64url");
    assert.ok(response.headers.get("etag")!.includes(hash));
    const tag = { "if-none-match": `W/"${hash}"` };
    assert.equal((await world.ask(path, { headers: tag })).status, 304);
  }
  const head = await world.ask(`/segments/${key}`, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get("content-length"), `${bytes.length}`);
  assert.equal(await head.text(), "");
});

test("/segments gives nothing away that is damaged, unreadable, misplaced or no file", async () => {
  const world = apiWorld();
  const damaged = await world.put("forsen", [said(1, "hi")]);
  await world.store.put(damaged, new TextEncoder().encode("other bytes"));
  const unreadable = await world.putBytes("forsen", new TextEncoder().encode("{}\n"));
  const misplaced = await world.putBytes(
    "forsen",
    (await world.store.get(await world.put("forsen", [said(130, "x")])))!,
    NOON_S,
  );
  const missing = damaged.replace("12/00:00", "12/01:00");
  for (
    const path of [
      `/segments/${damaged}`,
      `/segments/${unreadable}`,
      `/segments/${misplaced}`,
      `/segments/${missing}`,
      "/segments/forsen/chat/..%2F..%2F..%2Fetc/passwd",
      "/segments/..%2F..%2Fetc/chat/x/passwd",
      `/segments/${damaged}%00`,
      `/segments/${damaged.replace("forsen", "%2Fforsen")}`,
      `/segments/forsen/source/${HOUR}/x.ts`,
      "/segments/forsen/chat/redactions/x.json",
      "/segments/forsen/.chatloom/redactions/x.json",
      `/segments/forsen/.chatloom/coverage/${HOUR}/x.json`,
    ]
  ) {
    const response = await world.ask(path);
    assert.equal(response.status, 404, path);
    assert.equal(await response.text(), "Not found");
    assert.equal((await world.ask(path)).status, 404, `${path} again`);
  }
  assert.equal(world.counts.get("files_kept_back{why=damaged}"), 1);
  assert.equal(world.counts.get("files_kept_back{why=unreadable}"), 1);
  assert.equal(world.counts.get("files_kept_back{why=misplaced}"), 1);
});

test("/segments notices that a file it once gave away was damaged since", async () => {
  const world = apiWorld();
  const key = await world.put("forsen", [said(1, "hi")]);
  const bytes = (await world.store.get(key))!;
  assert.equal((await world.ask(`/segments/${key}`)).status, 200);
  await world.store.put(key, bytes.map((byte, i) => i === 5 ? byte ^ 1 : byte));
  assert.equal((await world.ask(`/segments/${key}`)).status, 404);
  await world.store.put(key, bytes);
  assert.equal((await world.ask(`/segments/${key}`)).status, 200);
});

test("/segments keeps back a batch as soon as something in it is redacted", async () => {
  const world = apiWorld();
  const key = await world.put("forsen", [said(1, "hi", { tags: { id: "forget-me" } })]);
  const other = await world.put("forsen", [said(61, "stays")]);
  assert.equal((await world.ask(`/segments/${key}`)).status, 200);
  const redaction = await redact(world, "forget-me");
  assert.equal((await world.ask(`/segments/${key}`)).status, 404);
  assert.equal((await world.ask(`/segments/${other}`)).status, 200);
  const name = redaction.split("/").at(-1)!;
  assert.deepEqual(await world.json("/files/forsen"), ["chat"]);
  assert.deepEqual(await world.json("/files/forsen/chat"), [HOUR]);
  // The second is where nodes of the first version look.
  for (const folder of ["forsen/.chatloom/redactions", "forsen/chat/redactions"]) {
    assert.deepEqual(await world.json(`/files/${folder}`), [name]);
    assert.match(await world.text(`/segments/${folder}/${name}`), /"id":"forget-me"/);
  }
});

/** The digests as their description says, made from the lists that the routes give. */
async function expectedDigest(world: ApiWorld, channel: string) {
  const digest = (text: string) => createHash("sha256").update(text).digest("base64url");
  const list = async (folder: string) =>
    await world.json(`/files/${channel}/${folder}?tombstones=true`) as string[];
  const digestOf = (names: readonly string[]) => digest(names.map((name) => `${name}\n`).join(""));
  const byHour = async (folder: string) => {
    const found: Record<string, string> = {};
    for (const hour of await list(folder)) {
      const names = await list(`${folder}/${hour}`);
      if (names.length > 0) found[hour] = digestOf(names);
    }
    return found;
  };
  const hours = await byHour("chat");
  const coverage = await byHour(".chatloom/coverage");
  const redactions = digestOf(await list(".chatloom/redactions"));
  const lines = [
    ...Object.entries(hours).map((pair) => `${pair.join(" ")}\n`),
    ...Object.entries(coverage).map((pair) => `coverage ${pair.join(" ")}\n`),
    `redactions ${redactions}\n`,
  ];
  return { digest: digest(lines.join("")), redactions, hours, coverage };
}

test("/digests follow from the lists, and change with them", async () => {
  const world = apiWorld();
  const empty = await world.json("/digests/forsen");
  assert.deepEqual(empty, await expectedDigest(world, "forsen"));
  const hidden = await world.put("forsen", [said(1, "hi")]);
  await world.put("forsen", [said(3700, "later")]);
  await redact(world, "some-id");
  await world.store.put(hidden.replace(".json", ".tombstone"), new Uint8Array());
  const expected = await expectedDigest(world, "forsen");
  const response = await world.ask("/digests/forsen");
  assert.deepEqual(await response.json(), expected);
  assert.deepEqual(await world.json("/digests"), { forsen: expected.digest });
  const headers = { "if-none-match": response.headers.get("etag")! };
  assert.equal((await world.ask("/digests/forsen", { headers })).status, 304);
  // A peer that never had what the tombstone hides is equal.
  await world.store.delete(hidden);
  assert.equal((await world.ask("/digests/forsen", { headers })).status, 304);
  await world.put("forsen", [said(2, "new")]);
  assert.equal((await world.ask("/digests/forsen", { headers })).status, 200);
});

test("/digests leaves out what is older than since", async () => {
  const world = apiWorld();
  await world.put("forsen", [said(1, "hi")]);
  await world.put("forsen", [said(3700, "later")]);
  const { hours } = await world.json("/digests/forsen?since=2026-08-01T13") as { hours: object };
  assert.deepEqual(Object.keys(hours), ["2026-08-01T13"]);
  assert.equal((await world.ask("/digests/forsen?since=yesterday")).status, 400);
  assert.equal((await world.ask("/digests?since=yesterday")).status, 400);
  assert.equal((await world.ask("/digests/A%2FB")).status, 404);
});
