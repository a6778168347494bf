import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type NodeProcess, startNode, stopNode, until } from "../nodes/node_processes.ts";
import { serveChat } from "../optout/chat_server.ts";
import { runCli } from "../run_cli.ts";

test("/admin/channels records channels at once and after a kill, with its key only", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-admin-"));
  const chat = await serveChat("forsen");
  const key = join(root, "key");
  await writeFile(key, "a-long-secret-key\n");
  const capture = join(root, "old.log");
  const line =
    `@id=1;room-id=22484632;tmi-sent-ts=1785587645123;user-id=2 :a!a@a PRIVMSG #forsen :hi`;
  await writeFile(capture, line);
  const archive = join(root, "chat");
  assert.equal((await runCli(["import", capture, "--archive", archive])).exitCode, 0);
  let node: NodeProcess | undefined;
  t.after(async () => {
    node?.child.kill("SIGKILL");
    await chat.close();
    await rm(root, { recursive: true, force: true });
  });
  const start = async () =>
    node = await startNode([
      ...["--url", chat.url, "--archive", archive, "--node", "n", "--admin-key-file", key],
    ]);
  await start();
  const ask = async (
    method: string,
    body: unknown,
    headers: Record<string, string> = { "x-api-key": "a-long-secret-key" },
  ) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`http://127.0.0.1:${node!.port}/admin/channels`, {
      method,
      headers,
      body: text,
    });
    return [response.status, await response.text()] as const;
  };
  const channels = { channels: ["22484632"] }; // Its login is what the archive knows.
  for (const headers of [{}, { "x-api-key": "" }, { "x-api-key": "a-long-secret-kez" }]) {
    assert.deepEqual(await ask("POST", channels, headers as Record<string, string>), [
      403,
      "Wrong API key",
    ]);
  }
  const foreign = { "x-api-key": "a-long-secret-key", origin: "http://evil.example" };
  assert.equal((await ask("POST", channels, foreign))[0], 403);
  for (const bad of ["{", "[]", "{}", { channels: [] }, { channels: [3] }, { channels: "x" }]) {
    assert.equal((await ask("POST", bad))[0], 400);
  }
  assert.equal((await ask("POST", " ".repeat(70_000)))[0], 413);
  const [status, text] = await ask("POST", { channels: ["22484632", "999"] });
  assert.equal(status, 400);
  assert.match(text, /"999".*nothing was changed.*Give the login/);
  assert.equal((await ask("PUT", channels))[0], 405);
  assert.equal(chat.joinedCount, 0);

  assert.deepEqual(await ask("POST", channels), [200, ""]);
  await until(() => chat.joinedCount === 1, { limitS: 20, what: "joined at once" });
  await stopNode(node!, "SIGKILL");
  await until(() => chat.joinedCount === 0, { limitS: 20, what: "gone" });
  await start();
  await until(() => chat.joinedCount === 1, { limitS: 20, what: "joined after the kill" });
  assert.deepEqual(await ask("DELETE", { channels: ["#Forsen"] }), [200, ""]);
  await until(() => chat.joinedCount === 0, { limitS: 20, what: "left" });
  assert.equal(await stopNode(node!, "SIGTERM"), 0);
});
