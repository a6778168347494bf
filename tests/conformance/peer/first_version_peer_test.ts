/** Nodes of chatloom's first version, and of the reference, as peers of this one. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nodeServer } from "../../../src/adapters/http/node_server.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { httpPeer } from "../../../src/adapters/http_peer/http_peer.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import type { HttpHandler } from "../../../src/ports/http.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import { syncNode } from "../../simulation/sync/sync_world.ts";
import { apiWorld, said } from "../api/api_world.ts";
import { coverageFile, plantFirst, redactionFile, treeOf } from "../store/first_layout_archive.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const HOUR = "2026-08-01T12";
const HEARD = coverageFile("forsen", HOUR);
const ORDER = redactionFile("forsen", "forget-me");

/**
 * The answers of a node of the first version to what it knows, from a folder; of the reference if it knows
 * no digests. Both refuse hidden folders.
 */
function oldNode(root: string, { hasDigests }: { readonly hasDigests: boolean }): {
  readonly handler: HttpHandler;
  readonly asked: string[];
} {
  const asked: string[] = [];
  const namesIn = (folder: string) => {
    try {
      return readdirSync(join(root, folder)).sort();
    } catch {
      return [];
    }
  };
  const handler: HttpHandler = (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const [, room = "", ...parts] = pathname.split("/").map(decodeURIComponent);
    asked.push(pathname);
    const path = parts.join("/");
    if (room === "files" && parts.some((part) => part.startsWith("."))) {
      return Promise.resolve(
        new Response("Bad quality: May not start with a period", { status: 403 }),
      );
    }
    if (room === "files" && parts.length < 4) {
      const isShown = (name: string) =>
        searchParams.get("coverage") === "true" || !name.startsWith("coverage-");
      const names = namesIn(path).filter((name) => isShown(name) && name !== "redactions");
      return Promise.resolve(Response.json(names));
    }
    if (room === "digests" && hasDigests) {
      const hours = namesIn("forsen/chat").filter((name) => name !== "redactions");
      const digest = {
        digest: "d",
        redactions: "of redactions",
        hours: Object.fromEntries(hours.map((hour) => [hour, `of ${hour}`])),
      };
      return Promise.resolve(Response.json(parts.length === 0 ? { forsen: "d" } : digest));
    }
    if (room === "segments" && parts[1] === "chat" && parts.length === 4) {
      try {
        return Promise.resolve(new Response(readFileSync(join(root, path))));
      } catch { /* There is no such file. */ }
    }
    return Promise.resolve(new Response("Not found", { status: 404 }));
  };
  return { handler, asked };
}

for (const hasDigests of [true, false]) {
  const what = hasDigests ? "a node of the first version" : "the reference";
  test(`Syncer pulls batches from ${what}, and orders from where it keeps them`, async (t) => {
    const { path: root, close } = tempFolder();
    const world = apiWorld();
    const key = await world.put("forsen", [said(1, "stays")]);
    const bytes = (await world.store.get(key))!;
    const forgotten = await world.put("forsen", [said(61, "goes", { tags: { id: "forget-me" } })]);
    for (const each of [key, forgotten]) {
      plantFirst(root, { key: each, bytes: (await world.store.get(each))! });
    }
    plantFirst(root, HEARD);
    if (hasDigests) plantFirst(root, ORDER); // The reference has none.
    const { handler, asked } = oldNode(root, { hasDigests });
    const server = await nodeServer(handler, { listen: "127.0.0.1:0" });
    t.after(async () => {
      await server.close({ graceMs: 0 });
      close();
    });
    const { syncer, files } = syncNode({ clock: systemClock(), name: "ours" });
    syncer.setPeers([httpPeer(server.url)]);
    const once = () => syncer.once({ signal: new AbortController().signal, check: false });
    const [state] = await once();
    assert.equal(state?.status, "up to date", JSON.stringify(state));
    assert.deepEqual(await files.get(key), bytes);
    assert.deepEqual(await files.get(ORDER.key), hasDigests ? ORDER.bytes : undefined);
    if (hasDigests) {
      const orderAt = asked.findIndex((path) =>
        path.startsWith("/segments/forsen/chat/redactions")
      );
      const batchAt = asked.findIndex((path) => path.startsWith(`/segments/forsen/chat/${HOUR}`));
      assert.ok(orderAt >= 0 && orderAt < batchAt, `redactions first: ${asked}`);
    }
    const before = asked.length;
    await once();
    const again = asked.slice(before).filter((path) => path.startsWith("/segments"));
    assert.deepEqual(again, [], "what came is not fetched again");
  });
}

test("a node of the first version gets batches and redactions from us, and no error", async () => {
  const world = apiWorld();
  const key = await world.put("forsen", [said(1, "hi")]);
  for (const { key, bytes } of [HEARD, ORDER]) await world.store.put(key, bytes);
  const names = async (folder: string) =>
    await world.json(`/files/forsen/chat/${folder}?tombstones=true&coverage=true`);
  assert.deepEqual(await world.json("/files/forsen"), ["chat"]);
  assert.deepEqual(await world.json("/files/forsen/chat"), [HOUR]);
  assert.deepEqual(await names(HOUR), [key.split("/").at(-1)]);
  const name = ORDER.key.split("/").at(-1)!;
  assert.deepEqual(await names("redactions"), [name]);
  assert.match(await world.text(`/segments/forsen/chat/redactions/${name}`), /forget-me/);
  const digest = await world.json("/digests/forsen") as Record<string, unknown>;
  assert.equal(typeof digest["redactions"], "string");
  assert.deepEqual(Object.keys(digest["hours"] as object), [HOUR]);
});

test("a first-layout archive is served as one of today, and is not touched", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  for (const file of [HEARD, ORDER]) plantFirst(root, file);
  const before = treeOf(root);
  const world = apiWorld({ store: fileSystemStore(root) });
  assert.deepEqual(await world.json("/files/forsen/chat"), [HOUR]);
  assert.deepEqual(await world.json(`/files/forsen/chat/${HOUR}?tombstones=true`), []);
  for (const { key, bytes } of [HEARD, ORDER]) {
    const at = key.lastIndexOf("/");
    assert.deepEqual(await world.json(`/files/${key.slice(0, at)}`), [key.slice(at + 1)]);
    assert.equal(await world.text(`/segments/${key}`), new TextDecoder().decode(bytes));
  }
  const digest = await world.json("/digests/forsen") as { coverage: object };
  assert.deepEqual(Object.keys(digest.coverage), [HOUR]);
  assert.deepEqual(treeOf(root), before);
  assert.equal((await collect(world.store.strays(""))).length, 3);
});

test("a tree with a redaction beside its hours shows hours only, and serves no redacted message", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  // As a node of the first version left it, seen in a cluster with the reference.
  const order = '{"logins":["lazybeacon1"],"made":1795829647.510637,"reason":"test",' +
    '"user-id":"626152176"}\n';
  const name = "QiJOt4kaJYS0uN_h2-9Mh5gS3N6Psk3Nt7Taeq-mc5c";
  const line = (at: string, id: string, userId: string) =>
    `{"command":"PRIVMSG","host":"ada.tmi.twitch.tv","params":["#alpha","hi"],"receivers":` +
    `{"lnode.AAAAA.0":${at}},"sender":"ada","tags":{"id":"${id}","tmi-sent-ts":"1795829401500",` +
    `"user-id":"${userId}"},"time":1795829401.5,"time_range":0.0,"user":"ada"}\n`;
  const batch = line("1795829402.0", "m1", "1") + line("1795829403.0", "m2", "626152176");
  const world = apiWorld({ store: fileSystemStore(root) });
  await world.putBytes("alpha", new TextEncoder().encode(batch), 1795829401.5);
  mkdirSync(join(root, "alpha/chat/redactions"));
  writeFileSync(join(root, `alpha/chat/redactions/${name}.json`), order);

  assert.deepEqual(await world.json("/files/alpha/chat"), ["2026-11-28T01"]);
  const [kept, ...more] = await world.json(
    "/alpha/chat.json?start=2026-11-28T01:00&end=2026-11-28T02:00",
  ) as { tags: { id: string } }[];
  assert.equal(kept?.tags.id, "m1");
  assert.deepEqual(more, []);
  const [file] = await world.json("/files/alpha/chat/2026-11-28T01") as string[];
  assert.equal((await world.ask(`/segments/alpha/chat/2026-11-28T01/${file}`)).status, 404);
});
