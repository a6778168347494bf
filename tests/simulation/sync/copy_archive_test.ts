/** The example that copies an archive, as the process that a user would start. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { honoRouter } from "../../../src/adapters/http/hono_router.ts";
import { nodeServer } from "../../../src/adapters/http/node_server.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../src/adapters/system/system_random.ts";
import { bestHasher } from "../../../src/adapters/hashers/web_crypto_hasher.ts";
import { nodeApi } from "../../../src/engine/api/node_api.ts";
import type { HttpHandler } from "../../../src/ports/http.ts";
import { noopMetrics } from "../../../src/ports/metrics.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { verifyArchive } from "../../../src/engine/verify/verify_archive.ts";
import { apiWorld, said } from "../../conformance/api/api_world.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";

const EXAMPLE = fileURLToPath(new URL("../../../examples/copy_an_archive.ts", import.meta.url));

function copy(url: string, folder: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ["run", "--allow-all", EXAMPLE, url, folder], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => entry.name).sort();
}

test("a client that knows the reference's routes alone copies an archive and checks it", async () => {
  const folder = tempFolder();
  const store = fileSystemStore(join(folder.path, "from"));
  const { put } = apiWorld({ store });
  for (let i = 0; i < 30; i++) await put("forsen", [said(i * 200, `m${i}`)]);
  await put("ab-c", [said(1, "other", { channel: "ab-c" })]);
  const hidden = await put("forsen", [said(5, "hidden")]);
  await store.put(hidden.replace(".json", ".tombstone"), new Uint8Array());
  const hasher = await bestHasher();
  const { routes } = nodeApi({
    store,
    hasher,
    clock: systemClock(),
    random: systemRandom(),
    reporter: noopReporter,
    metrics: noopMetrics,
    version: "0",
  });
  const server = await nodeServer(honoRouter(routes), { listen: "127.0.0.1:0" });
  try {
    const target = join(folder.path, "to");
    const { code, output } = await copy(server.url, target);
    assert.equal(code, 0, output);
    const expected = filesIn(join(folder.path, "from"))
      .filter((name) => !name.endsWith(".tombstone") && !hidden.includes(name));
    assert.deepEqual(filesIn(target), expected);
    assert.equal(expected.length, 31);
    const findings = [];
    const copied = fileSystemStore(target);
    for await (const finding of verifyArchive({ store: copied, hasher })) findings.push(finding);
    assert.deepEqual(findings, []);
  } finally {
    await server.close();
    folder.close();
  }
});

test("that client believes no server that lies", async () => {
  const folder = tempFolder();
  const name = `00:00-${"A".repeat(43)}.json`;
  const answers: Record<string, unknown> = {
    "/files": ["forsen", "../evil", "..", "a/b", "/etc"],
    "/files/forsen/chat": ["2026-08-01T12", "../../../evil", "redactions"],
    "/files/forsen/chat/2026-08-01T12": ["../../../../evil.json", `../${name}`, name],
    [`/segments/forsen/chat/2026-08-01T12/${name}`]: "not what its name says",
  };
  const asked: string[] = [];
  const handler: HttpHandler = (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    asked.push(path);
    return Promise.resolve(Response.json(answers[path] ?? []));
  };
  const server = await nodeServer(handler, { listen: "127.0.0.1:0" });
  try {
    const target = join(folder.path, "deep", "to");
    await mkdir(target, { recursive: true });
    const { code, output } = await copy(server.url, target);
    assert.notEqual(code, 0);
    assert.match(output, /Cannot trust forsen\/chat/);
    assert.deepEqual(filesIn(folder.path), []);
    assert.deepEqual(asked, Object.keys(answers));
    assert.ok(!existsSync(join(folder.path, "evil")));
  } finally {
    await server.close();
    folder.close();
  }
});
