import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { logWorld } from "./logs/log_world.ts";

// A client whose types another project's generator makes of the description, and which that project's library runs.

const CONFIG = fileURLToPath(new URL("../../../deno.json", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "chatloom-client-"));
after(() => rmSync(folder, { recursive: true }));

/** Uses one route of each kind: lists, logs as objects and text, search, history, chat, feeds of figures. */
const CLIENT = `
import createClient from "openapi-fetch";
import type { paths } from "./api.ts";

export async function readAll(fetch: (request: Request) => Promise<Response>) {
  const client = createClient<paths>({ baseUrl: "http://localhost", fetch });
  const channels = await client.GET("/channels");
  const logins: string[] = channels.data!.channels.map(({ name, userID }) => \`\${name} \${userID}\`);
  const list = await client.GET("/list", { params: { query: { channel: "forsen" } } });
  const days: string[] = list.data!.availableLogs.map(({ year, month }) => \`\${year}-\${month}\`);
  const path = { channelKind: "channel", channel: "forsen" } as const;
  const log = await client.GET("/{channelKind}/{channel}/{year}/{month}/{day}", {
    params: { path: { ...path, year: "2026", month: "7", day: "30" }, query: { json: "" } },
  });
  const data = log.data;
  if (typeof data === "string" || !("messages" in data!)) throw new Error("no list of messages");
  const texts: string[] = data.messages.map(({ text }) => text);
  const found = await client.GET("/{channelKind}/{channel}/search", {
    params: { path, query: { q: "moon" } },
    parseAs: "text",
  });
  const lines: string = String(found.data);
  const recent = await client.GET("/api/v2/recent-messages/{login}", {
    params: { path: { login: "forsen" } },
  });
  const history: string[] = recent.data!.messages;
  const nowhere = await client.GET("/list", { params: { query: { channel: "stranger" } } });
  return { logins, days, texts, lines, history, status: nowhere.response.status };
}
`;

function check(
  name: string,
  source: string,
): { readonly status: number | null; readonly told: string } {
  const path = join(folder, name);
  writeFileSync(path, source);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["check", "--config", CONFIG, path],
    { encoding: "utf8", timeout: 120_000 },
  );
  return { status, told: `${stdout}${stderr}` };
}

test("a client that is generated from the description reads what the node answers", async () => {
  const world = await logWorld();
  const description = await world.text("/openapi.json");
  writeFileSync(join(folder, "api.ts"), astToString(await openapiTS(description)));
  const { status, told } = check("client.ts", CLIENT);
  assert.equal(status, 0, told);
  // Types that take anything would prove nothing.
  const wrong = check("wrong.ts", CLIENT.replace("userID }", "userId }"));
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.told, /userId/);
  const missing = check("missing.ts", CLIENT.replace('query: { q: "moon" }', "query: { q: 7 }"));
  assert.notEqual(missing.status, 0);

  const { readAll } = await import(pathToFileURL(join(folder, "client.ts")).href);
  const read = await readAll((request: Request) =>
    world.handler(request, { address: "127.0.0.1", isOnOperatorListener: true })
  );
  assert.deepEqual(read.logins, ["forsen 11", "nani 22"]);
  assert.deepEqual(read.days, ["2026-8", "2026-7", "2026-5", "2026-5"]);
  assert.ok(read.texts.includes("hello forsen"), `${read.texts}`);
  assert.match(read.lines, /bob: moon again\r\n/);
  assert.equal(read.status, 404);
  assert.ok(Array.isArray(read.history));
});
