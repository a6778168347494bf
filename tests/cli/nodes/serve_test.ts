import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { apiWorld, said } from "../../conformance/api/api_world.ts";
import { runCli } from "../run_cli.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

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
    const match = /\burl=(\S+)/.exec(said());
    if (match !== null) return match[1]!;
    assert.equal(child.exitCode, null, said());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function endOf({ child, said }: Started): Promise<{ code: number | null; text: string }> {
  const [code] = child.exitCode === null ? await once(child, "close") : [child.exitCode];
  return { code, text: said() };
}

test("chatloom serve answers, takes a log level, and stops on SIGTERM with exit code 0", async () => {
  const folder = tempFolder();
  await apiWorld({ store: fileSystemStore(folder.path) }).put("forsen", [said(1, "hi")]);
  const tokenFile = join(folder.path, ".token");
  writeFileSync(tokenFile, "secret-secret\n");
  const operatorFile = join(folder.path, ".operator-token");
  writeFileSync(operatorFile, "operator-secret\n");
  const started = start([
    ...["-a", folder.path, "--listen", ":0", "--token-file", tokenFile],
    ...["--operator-listen", ":0", "--operator-token-file", operatorFile],
  ]);
  try {
    const url = await urlOf(started);
    assert.match(url, /^http:\/\/127\.0\.0\.1:/);
    assert.equal((await fetch(`${url}/files`)).status, 401);
    const headers = { authorization: "Bearer secret-secret" };
    assert.deepEqual(await (await fetch(`${url}/files`, { headers })).json(), ["forsen"]);
    const lines = await (await fetch(`${url}/forsen/chat.ndjson`, { headers })).text();
    assert.equal(lines.split("\n").length, 2);
    const operatorUrl = /operatorUrl=(\S+)/.exec(started.said())![1];
    const metrics = await (await fetch(`${operatorUrl}/metrics`)).text();
    assert.match(metrics, /^chatloom_http_requests_total/m);
    const bearer = { authorization: "Bearer operator-secret" };
    const put = { method: "PUT", body: "debug", headers: bearer };
    assert.equal(await (await fetch(`${url}/debug/log-level`, put)).text(), "debug");
    await (await fetch(`${url}/healthz`)).text();
    process.kill(started.child.pid!, "SIGTERM"); // child.kill() would hide the exit code in Deno.
    const { code, text } = await endOf(started);
    assert.equal(code, 0, text);
    assert.match(text, /DEBUG Answered a request method=GET path=\/healthz/);
    assert.ok(!text.includes("secret-secret") && !text.includes("operator-secret"));
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
    [["-a", folder.path, "--operator-listen", "0.0.0.0:1"], 2, /address of this machine/],
    [["-a", folder.path, "--trust-proxy", "proxy.example"], 2, /IP address or loopback/],
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
  const page = fileURLToPath(new URL("../../../src/web/dist/page.html", import.meta.url));
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

/** A proxy that sends requests on as nginx with a bare `proxy_pass` does: with the Host of its upstream. */
async function bareProxy(upstream: string) {
  const proxy = createHttpServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const { host } = new URL(upstream);
    const onward = request(`${upstream}${url}`, { method, headers: { ...headers, host } });
    onward.on("response", (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, close: () => proxy.close() };
}

for (const hasTokens of [false, true]) {
  const way = hasTokens ? "with tokens" : "without any";
  test(`a proxy that adds no header lets no stranger to the operator's routes, ${way}`, async () => {
    const folder = tempFolder();
    const tokenFile = join(folder.path, ".token");
    writeFileSync(tokenFile, "secret-secret");
    const flags = ["-a", folder.path, "--listen", ":0", "--operator-listen", ":0"];
    const started = start(
      hasTokens ? [...flags, "--token-file", tokenFile, "--operator-token-file", tokenFile] : flags,
    );
    try {
      const proxy = await bareProxy(await urlOf(started));
      try {
        const expected = hasTokens ? 401 : 403;
        for (const path of ["/debug/state", "/metrics", "/debug/log-level"]) {
          const response = await fetch(`${proxy.url}${path}`, {
            headers: { connection: "close" },
          });
          await response.text();
          assert.equal(response.status, expected, path);
        }
        const put = { method: "PUT", body: "error" };
        const changed = await fetch(`${proxy.url}/debug/log-level`, put);
        await changed.text();
        assert.equal(changed.status, expected);
        assert.equal(await (await fetch(`${proxy.url}/healthz`)).text(), "ok");
      } finally {
        proxy.close();
      }
    } finally {
      started.child.kill("SIGKILL");
      folder.close();
    }
  });
}

test("a token in the address of a peer reaches it, and no line that is printed", async () => {
  const folder = tempFolder();
  const archive = join(folder.path, "from");
  await apiWorld({ store: fileSystemStore(archive) }).put("forsen", [said(1, "hi")]);
  const tokenFile = join(folder.path, ".token");
  writeFileSync(tokenFile, "secret-secret");
  const started = start(["-a", archive, "--listen", ":0", "--token-file", tokenFile]);
  try {
    const { host } = new URL(await urlOf(started));
    const to = ["sync", "--once", "--archive", join(folder.path, "to"), "--log-level", "debug"];
    const synced = await runCli([...to, "--peer", `http://:secret-secret@${host}`]);
    assert.equal(synced.exitCode, 0, synced.stderr);
    assert.ok(existsSync(join(folder.path, "to", "forsen")));
    const listed = join(folder.path, "peers");
    writeFileSync(listed, `http://:secret-secret@${host}/?query\n`);
    for (
      const args of [
        ["--peer", `http://:secret-wrong@${host}`],
        ["--peer", `http://:secret-secret@${host}/?query`],
        ["--peer", `ftp://user:secret/secret@${host}`],
        ["--peers", listed],
      ]
    ) {
      const { stderr, stdout } = await runCli([...to, ...args]);
      assert.ok(stderr.length > 0);
      assert.doesNotMatch(stderr + stdout, /secret/, args.join(" "));
    }
    assert.doesNotMatch(synced.stderr + synced.stdout, /secret/);
  } finally {
    started.child.kill("SIGKILL");
    folder.close();
  }
});
