import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileSystemMedia } from "../../../src/adapters/file_system/file_system_media.ts";
import { minuteOf } from "../../../src/core/time.ts";
import { type NodeProcess, startNode, stopNode, until } from "../nodes/node_processes.ts";
import { runCli } from "../run_cli.ts";
import { serveChat } from "./chat_server.ts";
import { filesWith, ID, LOGIN, namingLines, privmsg, TEXT } from "./person_in_chat.ts";

const DAY_MS = 86_400_000;
const LINK = "https://pictures.example/a.png";
const PICTURE = "A".repeat(43);

test("a channel that opts out beside its recorder is erased, left, refused, not fetched, and comes back when undone", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-channel-"));
  const chat = await serveChat("forsen");
  const nodes: NodeProcess[] = [];
  t.after(async () => {
    for (const { child } of nodes) child.kill("SIGKILL");
    await chat.close();
    await rm(root, { recursive: true, force: true });
  });
  const [archive, there, old, none] = ["a", "b", "old.log", "none.txt"]
    .map((name) => join(root, name)) as [string, string, string, string];
  await writeFile(none, "# none\n");
  await writeFile(old, namingLines(Date.now() - DAY_MS).join("\n"));
  for (const each of [archive, there]) {
    assert.equal((await runCli(["import", old, "--archive", each])).exitCode, 0);
  }
  const start = async (args: readonly string[]) => {
    const node = await startNode(args);
    nodes.push(node);
    return node;
  };
  const peer = await start(["--channels", none, "--archive", there, "--node", "n1"]);
  const args = ["forsen", "--url", chat.url, "--archive", archive, "--node", "n0"];
  const node = await start(args);
  await until(() => chat.joinedCount === 1, { limitS: 30, what: "the recorder is in" });
  chat.say(privmsg({ text: "newest words" }));
  await until(async () => (await filesWith(archive, "newest words")).length > 0, {
    limitS: 30,
    what: "new lines are on the disk",
  });

  const optOut = ["optout", "--archive", archive, "--login", "forsen", "--channel"];
  const done = await runCli(optOut);
  assert.equal(done.exitCode, 0, done.stderr);
  await until(() => chat.joinedCount === 0, { limitS: 30, what: "the recorder has left" });
  for (const text of [TEXT, "newest words", LOGIN]) {
    await until(async () => (await filesWith(archive, text)).length === 0, {
      limitS: 60,
      what: `"${text}" is in no file and no journal`,
    });
  }
  const url = `http://127.0.0.1:${node.port}`;
  for (const path of ["/forsen/chat.ndjson", "/channel/forsen", "/digests/forsen"]) {
    const response = await fetch(`${url}${path}`);
    await response.body?.cancel();
    assert.equal(response.status, 403, path);
  }
  const peerUrl = `http://127.0.0.1:${peer.port}`;
  const synced = await runCli(["sync", "--archive", archive, "--peer", peerUrl, "--once"]);
  assert.equal(synced.exitCode, 0, synced.stderr);
  assert.deepEqual(await filesWith(archive, TEXT), []);
  assert.equal(await stopNode(node, "SIGTERM"), 0);

  const listed = await runCli(["optout", "--archive", archive, "--list"]);
  assert.match(listed.stdout, /^channel 1 \S+\n$/);
  await start(args);
  const undone = await runCli([
    "optout",
    "--archive",
    archive,
    "--user-id",
    "1",
    "--channel",
    "--undo",
  ]);
  assert.match(undone.stdout, /^The channel is recorded again/);
  await until(() => chat.joinedCount === 1, { limitS: 30, what: "it is recorded again" });
  chat.say(privmsg({ text: "after it all" }));
  await until(async () => (await filesWith(archive, "after it all")).length > 0, {
    limitS: 30,
    what: "new lines are recorded",
  });
});

test("optout names a user by any login that the user bore, exports, erases, and undoes it", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-verb-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const [archive, old] = [join(root, "a"), join(root, "old.log")];
  const ms = Date.now() - DAY_MS;
  const linkMs = ms - DAY_MS + 1;
  await writeFile(
    old,
    [
      privmsg({ login: "formername", text: "under the old name", ms: ms - DAY_MS }),
      privmsg({ login: "formername", text: `see ${LINK}`, ms: linkMs }),
      ...namingLines(ms),
    ].join("\n"),
  );
  assert.equal((await runCli(["import", old, "--archive", archive])).exitCode, 0);
  const optOut = (...args: string[]) => runCli(["optout", "--archive", archive, ...args]);
  const exported = await optOut("--login", "formername", "--export");
  assert.equal(exported.exitCode, 0, exported.stderr);
  const texts = exported.stdout.trim().split("\n").map((line) => JSON.parse(line).params[1]);
  assert.deepEqual(texts, ["under the old name", `see ${LINK}`, TEXT]);
  const unknown = await optOut("--login", "stranger");
  assert.notEqual(unknown.exitCode, 0);
  assert.match(unknown.stderr, /knows no user "stranger"/);

  const media = fileSystemMedia(archive);
  await media.putObject(PICTURE, new Uint8Array([1]));
  await media.putSource({
    url: LINK,
    versions: [{ fetchedUs: 1, hash: PICTURE, type: "image/png" }],
    places: [{ channel: "forsen", minuteUs: minuteOf(1_000 * linkMs) }],
  });
  assert.match((await optOut("--login", "formername")).stdout, /^\d+ messages erased/);
  assert.equal(await media.getObject(PICTURE), undefined, "what the user linked to goes too");
  assert.equal(await media.source(LINK), undefined);
  for (const text of [LOGIN, "formername", TEXT, "under the old name"]) {
    assert.deepEqual(await filesWith(archive, text), [], text);
  }
  assert.ok((await filesWith(archive, "stays here")).length > 0);
  const undone = await optOut("--user-id", ID, "--undo");
  assert.match(undone.stdout, /^The user is recorded again; 1 orders deleted/);
  assert.deepEqual(await filesWith(archive, ID), []);
  assert.equal((await optOut("--list")).stdout, "");
});
