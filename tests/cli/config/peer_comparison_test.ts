import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type NodeProcess, startNode, stopNode } from "../nodes/node_processes.ts";
import { serveChat } from "../optout/chat_server.ts";

test("a node names its peers to readers without secrets, or not at all if its operator wants so", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-peers-"));
  const chat = await serveChat("forsen");
  let node: NodeProcess | undefined;
  t.after(async () => {
    node?.child.kill("SIGKILL");
    await chat.close();
    await rm(root, { recursive: true, force: true });
  });
  const start = async (args: readonly string[]) =>
    node = await startNode([
      ...["forsen", "--url", chat.url, "--archive", join(root, "chat"), "--node", "n"],
      ...["--peer", "http://user:pass-word@127.0.0.1:9", ...args],
    ]);
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${node!.port}${path}`);
    return [response.status, await response.text()] as const;
  };
  const comparison = `/forsen/compare.json?peer=${encodeURIComponent("http://127.0.0.1:9")}`;
  await start([]);
  assert.deepEqual(await ask("/peers.json"), [200, '["http://127.0.0.1:9"]']);
  assert.deepEqual(await ask(comparison), [502, 'Cannot hear from "http://127.0.0.1:9"']);
  await stopNode(node!, "SIGTERM");

  const config = join(root, "chatloom.toml");
  await writeFile(config, "[record]\npeer-comparison = false\n");
  for (const args of [["--no-peer-comparison"], ["--config", config]]) {
    await start(args);
    for (const path of ["/peers.json", comparison]) assert.equal((await ask(path))[0], 404);
    assert.doesNotMatch((await ask("/openapi.json"))[1], /peers\.json|compare\.json/);
    await stopNode(node!, "SIGTERM");
  }
});
