/** What software that shares an archive sees of it after each verb: hours, batches and tombstones only. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { NODE_FILE_CALLS } from "../../src/adapters/file_system/calls/file_calls.ts";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { serveSimulatedTwitch } from "../../src/cli/simulation/serve_simulated_twitch.ts";
import { keyOf } from "../conformance/batch_keys.ts";
import {
  coverageFile,
  plantFirst,
  redactionFile,
  treeOf,
} from "../conformance/store/first_layout_archive.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { collect } from "../../src/testing/suites/suite.ts";
import { startNode, stopNode, until } from "./nodes/node_processes.ts";
import { below, readAsReference, walkAsReference } from "./reference_tree.ts";
import { runCli } from "./run_cli.ts";

test("the model of the reference ends where the reference was seen to end", () => {
  const hash = "A".repeat(43);
  for (
    const path of [
      "x/chat/redactions",
      `x/chat/2026-08-01T12/coverage-${hash}.json`,
      "x/chat/2026-08-01T12/.chatloom-abcdefghijkl-1.tmp",
      "x/chat/.chatloom",
    ]
  ) assert.throws(() => readAsReference(path), /the reference ends/, path);
  for (
    const path of [
      "x/chat/2026-08-01T12",
      `x/chat/2026-08-01T12/34:00-${hash}.json`,
      `x/chat/2026-08-01T12/34:00-${hash}.tombstone`,
      "x/.chatloom/redactions",
      ".chatloom/notes/x/y.txt",
    ]
  ) readAsReference(path);
});

test("every verb leaves a tree in which the reference's services go on", async (t) => {
  const { path: folder, close } = tempFolder();
  const served = await serveSimulatedTwitch({ channels: ["forsen"], chat: { ratePerSecond: 50 } });
  t.after(async () => {
    await served.close();
    close();
  });
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  const run = async (verb: string, ...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await runCli([verb, ...args]);
    assert.equal(exitCode, 0, `${verb}: ${stderr}`);
    for (const archive of [a, b]) walkAsReference(archive);
    return stdout;
  };
  mkdirSync(b);

  // Two runs, so that there is coverage to settle, and a peer that pulls while the second one records.
  for (const isLast of [false, true]) {
    const node = await startNode(["forsen", "--archive", a, "--url", served.url]);
    t.after(() => void node.child.kill("SIGKILL"));
    const { truth } = served.twitch;
    const hasHeard = () => {
      const connection = truth.connections.at(isLast ? 1 : 0)?.connection;
      return connection !== undefined && truth.deliveredTo(connection).length > 20;
    };
    await until(hasHeard, { limitS: 30, what: "chat for the recorder" });
    if (isLast) await run("sync", "-a", b, "--once", "--peer", `http://127.0.0.1:${node.port}`);
    assert.equal(await stopNode(node, "SIGTERM"), 0, node.last.join("\n"));
    assert.ok(walkAsReference(a).batches > 0);
  }
  const capture = join(folder, "capture.txt");
  writeFileSync(
    capture,
    "@id=x1;tmi-sent-ts=1785587640000;user-id=7 :ada!ada@ada PRIVMSG #forsen :forget me\n" +
      "@id=x2;tmi-sent-ts=1785587641000;user-id=8 :bob!bob@bob PRIVMSG #forsen :keep me\n",
  );
  await run("import", capture, "-a", a);
  const heard = coverageFile("forsen", "2026-08-01T12");
  const order = redactionFile("forsen", "x2");
  for (const file of [heard, order]) plantFirst(a, file);
  assert.throws(() => walkAsReference(a), /the reference ends/, "as the first version left it");
  const verified = await runCli(["verify", "-a", a]);
  assert.match(verified.stdout, /note: old-place: forsen\/chat\/redactions\/.*settling/);
  assert.match(await runCli(["cat", "-a", a, "forsen"]).then(({ stdout }) => stdout), /forget me/);
  assert.doesNotMatch(
    await runCli(["cat", "-a", a, "forsen"]).then(({ stdout }) => stdout),
    /keep me/,
    "a redaction in the old place is in force",
  );
  await run("settle", "-a", a);
  await run("redact", "forsen", "-a", a, "--user-id", "7", "--reason", "asked");
  assert.doesNotMatch(await run("cat", "-a", a, "forsen"), /forget me|keep me/);
  assert.match(await run("coverage", "forsen", "-a", a), /2026-08-01/);
  assert.equal((await run("verify", "-a", a)).includes("old-place"), false);

  const node = await startNode(["--channels", emptyList(folder), "--archive", a]);
  t.after(() => void node.child.kill("SIGKILL"));
  await run("sync", "-a", b, "--once", "--peer", `http://127.0.0.1:${node.port}`);
  await stopNode(node, "SIGTERM");
  const shared = (archive: string) =>
    treeOf(archive).filter((path) => !path.startsWith(".chatloom") && !path.endsWith("/"));
  assert.deepEqual(shared(b), shared(a));
  assert.ok(shared(b).includes(heard.key) && shared(b).includes(order.key));
  await run("prune", "-a", b, "--older-than", "1h");
  assert.ok(!shared(b).includes(heard.key), "coverage goes with its hour");
  assert.ok(shared(b).includes(order.key), "an order holds on");
  assert.deepEqual(readdirSync(join(a, "forsen")).sort(), [".chatloom", "chat"]);
});

function emptyList(folder: string): string {
  const path = join(folder, "nobody.txt");
  writeFileSync(path, "");
  return path;
}

test("fileSystemStore makes no name that ends the reference's services, at no moment", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  const made: string[] = [];
  const note = (path: string) => {
    made.push(below(root, path));
    readAsReference(below(root, path));
  };
  const calls = {
    ...NODE_FILE_CALLS,
    create: (path: string) => (note(path), NODE_FILE_CALLS.create(path)),
    makeFolder: (path: string) => (note(path), NODE_FILE_CALLS.makeFolder(path)),
    rename: (from: string, to: string) => (note(to), NODE_FILE_CALLS.rename(from, to)),
  };
  const order = redactionFile("forsen", "x");
  const heard = coverageFile("forsen", "2026-08-01T12");
  for (const file of [order, heard]) plantFirst(root, file);
  const store = fileSystemStore(root, { calls, movesFirstLayout: true });
  await store.checkWritable();
  const batch = { key: keyOf(1, { minute: 34 }), bytes: new Uint8Array(9) };
  const tombstone = { key: batch.key.replace(".json", ".tombstone"), bytes: new Uint8Array() };
  for (const { key, bytes } of [batch, tombstone, redactionFile("forsen", "y")]) {
    await store.put(key, bytes);
  }
  assert.equal((await collect(store.list(""))).length, 5);
  const scratch = made.filter((path) =>
    path.endsWith(".tmp") && dirname(path) === dirname(batch.key)
  );
  assert.equal(scratch.length, 2, "one for each file of chat");
  for (const path of scratch) assert.match(path, /\/34:00-[^/]+$/);
  assert.deepEqual(walkAsReference(root), { hours: 1, batches: 1 });
});
