import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileSystemStore } from "../../src/adapters/file_system_store.ts";
import { apiWorld, said } from "../conformance/api_world.ts";
import { tempFolder } from "../conformance/temp_folder.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

interface Started {
  readonly child: ChildProcess;
  /** All that was written to stderr so far. */
  said(): string;
}

function start(args: readonly string[], env: Record<string, string> = {}): Started {
  const child = spawn(
    process.execPath,
    ["run", "--allow-all", "--no-check", MAIN, "serve", ...args],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, NO_COLOR: "1", ...env } },
  );
  let text = "";
  child.stderr!.on("data", (chunk) => text += chunk);
  return { child, said: () => text };
}

async function urlOf({ child, said }: Started): Promise<string> {
  while (true) {
    const match = /url=(\S+)/.exec(said());
    if (match !== null) return match[1]!;
    assert.equal(child.exitCode, null, said());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function endOf({ child, said }: Started): Promise<{ code: number | null; text: string }> {
  const [code] = child.exitCode === null ? await once(child, "close") : [child.exitCode];
  return { code, text: said() };
}

test("chatloom serve answers, takes a log level, and stops in good order", async () => {
  const folder = tempFolder();
  await apiWorld({ store: fileSystemStore(folder.path) }).put("forsen", [said(1, "hi")]);
  const tokenFile = join(folder.path, ".token");
  writeFileSync(tokenFile, "secret-secret\n");
  const started = start(["-a", folder.path, "--listen", ":0", "--token-file", tokenFile]);
  try {
    const url = await urlOf(started);
    assert.match(url, /^http:\/\/127\.0\.0\.1:/);
    assert.equal((await fetch(`${url}/files`)).status, 401);
    const headers = { authorization: "Bearer secret-secret" };
    assert.deepEqual(await (await fetch(`${url}/files`, { headers })).json(), ["forsen"]);
    const lines = await (await fetch(`${url}/forsen/chat.ndjson`, { headers })).text();
    assert.equal(lines.split("\n").length, 2);
    assert.match(await (await fetch(`${url}/metrics`)).text(), /^chatloom_http_requests_total/m);
    const put = { method: "PUT", body: "debug" };
    assert.equal(await (await fetch(`${url}/debug/log-level`, put)).text(), "debug");
    await (await fetch(`${url}/healthz`)).text();
    process.kill(started.child.pid!, "SIGTERM"); // child.kill() would hide the exit code in Deno.
    const { code, text } = await endOf(started);
    assert.equal(code, 0, text);
    assert.match(text, /DEBUG Answered a request method=GET path=\/healthz/);
    assert.ok(!text.includes("secret-secret"));
  } finally {
    started.child.kill("SIGKILL");
    folder.close();
  }
});

test("chatloom serve says in one line what it cannot do", async () => {
  const folder = tempFolder();
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const empty = join(folder.path, "empty");
  writeFileSync(empty, "\n");
  const cases: [args: string[], code: number, says: RegExp][] = [
    [["-a", folder.path, "--listen", "nowhere"], 2, /must look like 127\.0\.0\.1:8080/],
    [["-a", folder.path, "--rate", "0"], 2, /whole number above 0/],
    [["--listen", ":0"], 2, /--archive/],
    [["-a", join(folder.path, "missing")], 1, /Cannot read archive/],
    [["-a", folder.path, "--listen", `:${port}`], 1, /Cannot listen on ":\d+"/],
    [["-a", folder.path, "--token-file", join(folder.path, "none")], 1, /Cannot read the token/],
    [["-a", folder.path, "--token-file", empty], 1, /Cannot use the token/],
  ];
  try {
    for (const [args, expected, says] of cases) {
      const { code, text } = await endOf(start(args));
      assert.equal(code, expected, `${args.join(" ")}: ${text}`);
      assert.match(text, says);
      assert.equal(text.trimEnd().split("\n").length, 1, text);
    }
    const { code } = await endOf(
      start(["-a", folder.path, "--listen", ":0"], { CHATLOOM_READ_TOKEN: "short" }),
    );
    assert.equal(code, 1);
  } finally {
    taken.close();
    folder.close();
  }
});

test("chatloom serve gives the page in a clone where it was never built", async () => {
  const folder = tempFolder();
  const page = fileURLToPath(new URL("../../src/web/dist/page.html", import.meta.url));
  const aside = `${page}.aside`;
  if (existsSync(page)) renameSync(page, aside);
  const started = start(["-a", folder.path, "--listen", ":0"]);
  try {
    const url = await urlOf(started);
    const answers = await Promise.all([fetch(`${url}/`), fetch(`${url}/`)]);
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      const text = await answer.text();
      assert.match(text, /<div id="app">/, started.said());
      assert.ok(text.length > 100_000);
    }
    assert.equal(started.said().match(/Building the page/g)?.length, 1);
  } finally {
    started.child.kill("SIGTERM");
    await endOf(started);
    if (existsSync(aside)) renameSync(aside, page);
    folder.close();
  }
});
