import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { MAIN } from "../run_cli.ts";

test("a node takes another token and rate on SIGHUP, refuses a wrong file, and ends on SIGTERM", async (t) => {
  const at = await mkdtemp(join(tmpdir(), "chatloom-reload-"));
  t.after(() => rm(at, { recursive: true, force: true }));
  await mkdir(join(at, "chat"));
  const path = join(at, "chatloom.toml");
  const token = join(at, "token");
  await writeFile(token, "first-token");
  const config = 'archive = "chat"\n[serve]\nlisten = "127.0.0.1:0"\ntoken-file = "token"\n';
  await writeFile(path, config);
  const node = spawn(
    process.execPath,
    ["run", "-A", "--no-check", MAIN, "--log-format", "json", "serve", "--config", path],
    { stdio: ["ignore", "ignore", "pipe"], timeout: 60_000 },
  );
  const ended = new Promise((resolve) => node.on("close", resolve));
  const lines = createInterface({ input: node.stderr })[Symbol.asyncIterator]();
  const reported = async (text: string): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(!done, `no "${text}"`);
      if (value.includes(text)) return value;
    }
  };
  try {
    const url = /http:\/\/127[^"]*/.exec(await reported("Serving the archive"))![0];
    const status = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${url}/files`, { headers });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await status("first-token"), 200);
    await writeFile(token, "second-token");
    process.kill(node.pid!, "SIGHUP");
    await reported("was read again");
    assert.deepEqual([await status("first-token"), await status("second-token")], [401, 200]);

    await writeFile(path, config + "ratte = 3\n");
    process.kill(node.pid!, "SIGHUP");
    const fault = await reported("the old one stays in use");
    assert.match(fault, /chatloom\.toml:5: serve\.ratte is unknown; did you mean \\?"rate\\?"/);
    assert.equal(await status("second-token"), 200);

    await writeFile(path, config.replace(":0", ":1"));
    process.kill(node.pid!, "SIGHUP");
    assert.match(await reported("after a restart"), /listen/);
    assert.equal(await status("second-token"), 200);
  } finally {
    process.kill(node.pid!, "SIGTERM");
  }
  assert.equal(await ended, 0);
});
