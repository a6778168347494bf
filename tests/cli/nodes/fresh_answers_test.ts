import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { type NodeProcess, startNode, until } from "./node_processes.ts";

// What was said a moment ago is in the answer of every route, from the first minute of a channel on, whose files
// do not exist yet: with an index, which knows files only, and without one.

const { SIM_SEED: SEED = "fresh" } = process.env;
const CHANNEL = "forsen";

for (const index of [["--index"], ["--no-index"]]) {
  test(`record --serve ${index} answers with what is not stored yet, on every route`, async (t) => {
    const root = await mkdtemp(join(tmpdir(), "chatloom-fresh-"));
    const served = await serveSimulatedTwitch({
      seed: SEED,
      channels: [CHANNEL],
      chat: { ratePerSecond: 20 },
    });
    const nodes: NodeProcess[] = [];
    t.after(async () => {
      for (const { child } of nodes) child.kill("SIGKILL");
      await served.close();
      await rm(root, { recursive: true });
    });
    const flags = index[0] === "--index" ? [] : index;
    const node = await startNode(["--archive", root, CHANNEL, "--url", served.url, ...flags]);
    nodes.push(node);
    const base = `http://127.0.0.1:${node.port}`;
    const get = async (path: string): Promise<string> => {
      const response = await fetch(`${base}${path}`);
      const text = await response.text();
      return response.ok ? text : "";
    };
    const routes: Readonly<Record<string, RegExp>> = {
      "/channels": /"name":"forsen","userID":"\d+"/,
      "/list?channel=forsen": /"year":"\d{4}"/,
      "/channel/forsen?reverse&limit=5": /#forsen /,
      "/channel/forsen/random": /#forsen /,
      "/channel/forsen/stats": /"messageCount":[1-9]/,
      "/channel/forsen/search?q=the&json": /"messages":\[\{/,
      "/api/v2/recent-messages/forsen?limit=5": /"messages":\["@/,
      "/forsen/chat.ndjson": /"command":"PRIVMSG"/,
      "/forsen/hours.json": /"hour"/,
      "/overview.json?channel=forsen": /"last":\{"time"/,
    };
    for (const [path, expected] of Object.entries(routes)) {
      await until(async () => expected.test(await get(path)), { limitS: 20, what: path });
    }
    assert.deepEqual(JSON.parse(await get("/files/forsen/chat") || "[]"), []);
  });
}
